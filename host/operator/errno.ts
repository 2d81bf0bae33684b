/** WASI preview 1 errno numbers (wasi_snapshot_preview1.witx), the ones that the ABI uses. */
export const Errno = {
	SUCCESS: 0,
	'2BIG': 1,
	ACCES: 2,
	AGAIN: 6,
	BADF: 8,
	BUSY: 10,
	EXIST: 20,
	FAULT: 21,
	INVAL: 28,
	IO: 29,
	NOENT: 44,
	NOMEM: 48,
	NOSPC: 51,
	NOSYS: 52,
	NOTSUP: 58,
	OVERFLOW: 61,
	PERM: 63,
	PROTO: 65,
	NOTCAPABLE: 76,
} as const;

const names = new Map<number, string>(Object.entries(Errno).map(([name, number]) => [number, `E${name}`]));

/** `ENOSPC` for 51; `errno 99` for one that is not in the table. */
export function errnoName(errno: number): string {
	return names.get(errno) ?? `errno ${errno}`;
}
