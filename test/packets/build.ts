/** Packets for tests, byte by byte. */

const ipv4 = (text: string): number[] => text.split('.').map(Number);
const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** `2001:db8::1`, with at most one `::`. */
export function ipv6(text: string): number[] {
	const [head = '', tail] = text.split('::');
	const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
	const [before, after] = [words(head), words(tail ?? '')];
	return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after].flatMap(u16);
}

export const mac = (last: number): number[] => [2, 0, 0, 0, 0, last];

export function ether(type: number, payload: readonly number[], from = mac(1), to = mac(2)): number[] {
	return [...to, ...from, ...u16(type), ...payload];
}

/** A frame with a tag: 0x8100, or 0x88a8 for an outer one. */
export function tag(vlan: number, type: number, payload: readonly number[], protocol = 0x8100): number[] {
	return ether(protocol, [...u16(vlan), ...u16(type), ...payload]);
}

export function ip(
	protocol: number,
	payload: readonly number[],
	from = '192.0.2.1',
	to = '192.0.2.2',
	more: { fragment?: number; options?: number[] } = {},
): number[] {
	const options = more.options ?? [];
	const length = 20 + options.length + payload.length;
	const start = [0x40 | (5 + options.length / 4), 0, ...u16(length), ...u16(0x1234), ...u16(more.fragment ?? 0)];
	return [...start, 64, protocol, 0, 0, ...ipv4(from), ...ipv4(to), ...options, ...payload];
}

export function ip6(next: number, payload: readonly number[], from = '2001:db8::1', to = '2001:db8::2'): number[] {
	return [0x60, 0, 0, 0, ...u16(payload.length), next, 64, ...ipv6(from), ...ipv6(to), ...payload];
}

export const SYN = 2;
export const ACK = 16;

export function tcp(from: number, to: number, flags: number, data: readonly number[] = []): number[] {
	return [...u16(from), ...u16(to), ...u32(1), ...u32(0), 0x50, flags, ...u16(1024), 0, 0, 0, 0, ...data];
}

export function udp(from: number, to: number, data: readonly number[] = []): number[] {
	return [...u16(from), ...u16(to), ...u16(8 + data.length), 0, 0, ...data];
}

export function icmp(type: number, code = 0): number[] {
	return [type, code, 0, 0, 0, 1, 0, 1];
}

export function arp(from: string, to: string): number[] {
	return [0, 1, 8, 0, 6, 4, 0, 1, ...mac(1), ...ipv4(from), 0, 0, 0, 0, 0, 0, ...ipv4(to)];
}

export const text = (value: string): number[] => [...Buffer.from(value)];
