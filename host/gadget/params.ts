/** A gadget's own parameters: constants of its programs that are set before they are loaded, and flags on the command line. */
import type { ParamVariable } from '../ebpf/schema.js';
import { IgError } from '../errors.js';
import { Kind } from '../schema.js';
import type { GadgetMetadata } from './metadata.js';

/** A parameter, ready to be a flag. */
export interface Param {
	/** The flag's name. */
	readonly key: string;
	/** One letter. */
	readonly alias?: string | undefined;
	readonly variable: string;
	/** For people: `bool`, `uint32`, `string`, `ip` … */
	readonly type: string;
	readonly default: string;
	readonly description: string;
	readonly possibleValues: readonly string[];
	readonly kind: number;
	readonly size: number;
}

interface WellKnown {
	readonly key: string;
	readonly description: string;
}

/** Parameters of the headers in `bpf/include/gadget`: every gadget that includes them has these flags. */
const wellKnown: Readonly<Record<string, WellKnown | undefined>> = {
	targ_pid: { key: 'pid', description: 'Show only events of the process with this id; 0: all' },
	targ_tid: { key: 'tid', description: 'Show only events of the thread with this id; 0: all' },
	targ_uid: { key: 'uid', description: 'Show only events of this user id; 4294967295: all' },
	targ_gid: { key: 'gid', description: 'Show only events of this group id; 4294967295: all' },
	targ_comm: { key: 'comm', description: 'Show only events of processes with this command name' },
	collect_ustack: { key: 'collect-ustack', description: 'Collect the user stack of each event' },
	collect_build_id: { key: 'collect-build-id', description: 'Collect the build ids of the files in user stacks' },
	collect_otel_stack: { key: 'collect-otel-stack', description: 'Collect user stacks with the OpenTelemetry eBPF profiler' },
	ig_build_id_max_entries: { key: 'ig_build_id_max_entries', description: 'How many stacks with build ids are kept' },
};

/** Whether a variable is a parameter of the framework's headers. */
export function isWellKnown(variable: string): boolean {
	return Object.hasOwn(wellKnown, variable);
}

const typeNames: Readonly<Record<number, string | undefined>> = {
	...{ [Kind.Bool]: 'bool', [Kind.Int8]: 'int8', [Kind.Int16]: 'int16', [Kind.Int32]: 'int32', [Kind.Int64]: 'int64' },
	...{ [Kind.Uint8]: 'uint8', [Kind.Uint16]: 'uint16', [Kind.Uint32]: 'uint32', [Kind.Uint64]: 'uint64' },
	...{ [Kind.Float32]: 'float32', [Kind.Float64]: 'float64', [Kind.CString]: 'string', [Kind.Bytes]: 'ip' },
};

const integers: Readonly<Record<number, { bits: number; signed: boolean } | undefined>> = {
	...{ [Kind.Int8]: { bits: 8, signed: true }, [Kind.Int16]: { bits: 16, signed: true } },
	...{ [Kind.Int32]: { bits: 32, signed: true }, [Kind.Int64]: { bits: 64, signed: true } },
	...{ [Kind.Uint8]: { bits: 8, signed: false }, [Kind.Uint16]: { bits: 16, signed: false } },
	...{ [Kind.Uint32]: { bits: 32, signed: false }, [Kind.Uint64]: { bits: 64, signed: false } },
};

function bounds(kind: number): { low: bigint; high: bigint } | undefined {
	const integer = integers[kind];
	if (integer === undefined) return undefined;
	const { bits, signed } = integer;
	return signed ? { low: -(1n << BigInt(bits - 1)), high: (1n << BigInt(bits - 1)) - 1n } : { low: 0n, high: (1n << BigInt(bits)) - 1n };
}

/** The range of a parameter's values, for people; undefined when its type says it all. */
export function rangeOf(param: Param): string | undefined {
	if (param.kind === Kind.CString) return `at most ${param.size - 1} bytes`;
	const range = bounds(param.kind);
	return range === undefined ? undefined : `${range.low}..${range.high}`;
}

/** The variable's initial value as the text a user would type. */
function initialText(variable: ParamVariable): string {
	const { kind, initial } = variable;
	const view = new DataView(initial.buffer, initial.byteOffset, initial.byteLength);
	if (initial.every((byte) => byte === 0) && integers[kind] === undefined)
		return kind === Kind.Bytes ? '0.0.0.0' : kind === Kind.Bool ? 'false' : '';
	if (kind === Kind.Bool) return initial[0] === 0 ? 'false' : 'true';
	if (kind === Kind.CString) {
		const end = initial.indexOf(0);
		return new TextDecoder().decode(initial.subarray(0, end === -1 ? undefined : end));
	}
	if (kind === Kind.Float32) return String(view.getFloat32(0, true));
	if (kind === Kind.Float64) return String(view.getFloat64(0, true));
	const integer = integers[kind];
	if (integer === undefined || initial.length < integer.bits / 8) return '';
	let value = 0n;
	for (let i = integer.bits / 8 - 1; i >= 0; i--) value = (value << 8n) | BigInt(initial[i] ?? 0);
	return String(integer.signed ? BigInt.asIntN(integer.bits, value) : value);
}

/** Makes parameters of a gadget's variables and what gadget.yaml says about them. Variables of types without a flag form are left out. */
export function makeParams(variables: readonly ParamVariable[], metadata: GadgetMetadata): Param[] {
	const params: Param[] = [];
	for (const variable of variables) {
		const type = typeNames[variable.kind];
		if (type === undefined || (variable.kind === Kind.Bytes && !variable.types.includes('gadget_l3endpoint_t'))) continue;
		const config = metadata.params[variable.name.toLowerCase()];
		const known = wellKnown[variable.name];
		const key = config?.key ?? known?.key ?? variable.name;
		params.push({
			key,
			alias: config?.alias,
			variable: variable.name,
			type,
			// The object file's value is the truth: it is what the programs see when nothing is set.
			default: metadata.paramDefaults[`operator.oci.ebpf.${key.toLowerCase()}`] ?? initialText(variable),
			description: config?.description ?? known?.description ?? '',
			possibleValues: config?.possibleValues ?? [],
			kind: variable.kind,
			size: variable.size,
		});
	}
	return params.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const truths: Readonly<Record<string, boolean | undefined>> = {
	...{ '1': true, t: true, true: true, '0': false, f: false, false: false },
};

/** @returns undefined when the text is no boolean; Go's forms, in any case */
export function parseBool(text: string): boolean | undefined {
	return truths[text.toLowerCase()];
}

function parseIp(text: string): Uint8Array | undefined {
	const bytes = new Uint8Array(20);
	const v4 = text.split('.');
	if (v4.length === 4 && v4.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
		bytes.set(v4.map(Number));
		bytes[16] = 4;
		return bytes;
	}
	if (!/^[\da-f:]+$/i.test(text)) return undefined;
	const [head = '', tail, more] = text.split('::');
	if (more !== undefined) return undefined;
	const words = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'));
	const before = words(head);
	const after = words(tail);
	const missing = 8 - before.length - after.length;
	if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
	const all = [...before, ...Array<string>(Math.max(0, missing)).fill('0'), ...after];
	if (!all.every((word) => /^[\da-f]{1,4}$/i.test(word))) return undefined;
	all.forEach((word, i) => {
		const value = Number.parseInt(word, 16);
		bytes[i * 2] = value >> 8;
		bytes[i * 2 + 1] = value & 255;
	});
	bytes[16] = 6;
	return bytes;
}

function reject(param: Param, value: string, reason: string): never {
	throw new IgError('IG_PARAM', { param: param.key, value, reason });
}

/**
 * A value as the bytes of the variable, little-endian.
 * @throws IgError IG_PARAM
 */
export function encodeParam(param: Param, value: string): Uint8Array {
	if (param.possibleValues.length > 0 && !param.possibleValues.includes(value)) {
		reject(param, value, `is not one of ${param.possibleValues.join(', ')}`);
	}
	const bytes = new Uint8Array(param.size);
	const view = new DataView(bytes.buffer);
	const range = bounds(param.kind);
	if (range !== undefined) {
		const text = value.trim();
		if (!/^[+-]?(\d+|0x[\da-f]+)$/i.test(text)) reject(param, value, `is not an integer (${param.type})`);
		const digits = text.replace(/^[+-]/, '');
		const number = text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
		if (number < range.low || number > range.high) reject(param, value, `is out of range: ${range.low} to ${range.high}`);
		let rest = number;
		for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
		return bytes;
	}
	switch (param.kind) {
		case Kind.Bool: {
			const truth = parseBool(value);
			if (truth === undefined) reject(param, value, 'is not a boolean: true or false');
			bytes[0] = truth ? 1 : 0;
			return bytes;
		}
		case Kind.CString: {
			const text = new TextEncoder().encode(value);
			if (text.length > param.size - 1) reject(param, value, `is longer than ${param.size - 1} bytes`);
			if (text.includes(0)) reject(param, value, 'contains a zero byte');
			bytes.set(text);
			return bytes;
		}
		case Kind.Float32:
		case Kind.Float64: {
			const number = Number(value);
			if (value.trim() === '' || Number.isNaN(number)) reject(param, value, 'is not a number');
			if (param.kind === Kind.Float32) view.setFloat32(0, number, true);
			else view.setFloat64(0, number, true);
			return bytes;
		}
		default: {
			const ip = parseIp(value);
			if (ip === undefined) return reject(param, value, 'is not an IP address');
			bytes.set(ip.subarray(0, param.size));
			return bytes;
		}
	}
}
