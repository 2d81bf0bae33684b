/** libpcap, which compiles packet filters. Loaded when one is used; the system's, as its expressions are what users know from it. */
import { IgError } from '../errors.js';
import { bytesAt, openLibrary } from './native.js';
import { type ClassicFilter, type ClassicInstruction, convertFilter } from './packet-filter.js';

/** Debian calls it .0.8. */
const names = ['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so'];
/** DLT_EN10MB and DLT_RAW of pcap/dlt.h, on Linux. */
const linkTypes = { ethernet: 1, raw: 12 };
const SNAP_LENGTH = 262144;
/** PCAP_NETMASK_UNKNOWN */
const NO_NETMASK = 0xffffffff;
const INSTRUCTION = 8;
/** BPF_JMP | BPF_JA */
const JUMP = 5;

interface Pcap {
	openDead(linkType: number, snapLength: number): bigint | null;
	compile(pcap: bigint, program: Uint8Array, expression: string, optimize: number, netmask: number): number;
	error(pcap: bigint): string;
	free(program: Uint8Array): void;
	close(pcap: bigint): void;
}

let loaded: Pcap | undefined;

function load(flag: string): Pcap {
	if (loaded !== undefined) return loaded;
	const library = openLibrary(names);
	if (library === undefined) throw new IgError('IG_NO_PCAP', { flag });
	loaded = {
		openDead: library('void *pcap_open_dead(int, int)') as Pcap['openDead'],
		compile: library('int pcap_compile(void *, void *, const char *, int, uint32_t)') as Pcap['compile'],
		error: library('const char *pcap_geterr(void *)') as Pcap['error'],
		free: library('void pcap_freecode(void *)') as Pcap['free'],
		close: library('void pcap_close(void *)') as Pcap['close'],
	};
	return loaded;
}

/** The instructions, or why there are none. */
function compile(pcap: Pcap, expression: string, linkType: number): ClassicInstruction[] | string {
	const handle = pcap.openDead(linkType, SNAP_LENGTH);
	if (handle === null) return 'libpcap is out of memory';
	// struct bpf_program: a count, and where they are.
	const program = new Uint8Array(16);
	try {
		if (pcap.compile(handle, program, expression, 1, NO_NETMASK) !== 0) return pcap.error(handle);
		const view = new DataView(program.buffer);
		const count = view.getUint32(0, true);
		const code = new DataView(bytesAt(view.getBigUint64(8, true), count * INSTRUCTION).buffer);
		pcap.free(program);
		return Array.from({ length: count }, (_, i) => ({
			code: code.getUint16(i * INSTRUCTION, true),
			jt: code.getUint8(i * INSTRUCTION + 2),
			jf: code.getUint8(i * INSTRUCTION + 3),
			k: code.getUint32(i * INSTRUCTION + 4, true),
		}));
	} finally {
		pcap.close(handle);
	}
}

/** Only a jump that is always taken can go back. */
function loops(code: readonly ClassicInstruction[]): boolean {
	return code.some(({ code: operation, k }) => operation === JUMP && k >= code.length);
}

/**
 * The body of the function that GADGET_PF declares.
 * @param flag that gave the expression, without dashes
 * @throws IgError IG_PARAM when libpcap does not take the expression, IG_NO_PCAP
 */
export function compilePacketFilter(flag: string, expression: string): Uint8Array {
	const pcap = load(flag);
	const [ethernet, raw] = [compile(pcap, expression, linkTypes.ethernet), compile(pcap, expression, linkTypes.raw)];
	const fail = (reason: string): never => {
		throw new IgError('IG_PARAM', { param: flag, value: expression, reason: `is no packet filter: ${reason} (pcap-filter(7))` });
	};
	// One may not make sense on the other kind of link: nothing matches there.
	if (typeof ethernet === 'string' && typeof raw === 'string') return fail(ethernet);
	if ([ethernet, raw].some((code) => typeof code !== 'string' && loops(code))) {
		return fail('a chain of headers of any length (protochain) takes a loop, which the kernel does not run');
	}
	const filter: ClassicFilter = {
		ethernet: typeof ethernet === 'string' ? undefined : ethernet,
		raw: typeof raw === 'string' ? undefined : raw,
	};
	return convertFilter(filter) ?? fail('it is too long');
}
