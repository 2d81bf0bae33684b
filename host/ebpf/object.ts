/** An eBPF object: opened from bytes, set up, loaded, attached, closed. libbpf does all of it. */
import { IgError } from '../errors.js';
import { type Attached, type AttachOptions, attachProgram, attachStructOps } from './attach.js';
import { Btf, BtfKind } from './btf.js';
import type { MaybePointer, Pointer } from './functions.js';
import { loadError, openError } from './load-error.js';
import { startLog, takeLog } from './log.js';
import { BpfMap, MapType } from './maps.js';
import { bytesAt, lastErrno, native } from './native.js';
import { meets } from './probe.js';
import { BpfProgram, DISABLED, Link, ProgramType } from './programs.js';

/** Where a global variable's initial value lies. */
interface Place {
	readonly address: Pointer;
	readonly size: number;
	/** BTF id of its type. */
	readonly type: number;
}

export interface OpenOptions {
	/** For messages, and the first part of the names of the kernel's maps. */
	readonly name: string;
	/** BTF of the kernel, when it has none of its own. */
	readonly btfPath?: string | undefined;
}

function list<Item>(next: (previous: MaybePointer) => MaybePointer, make: (handle: Pointer) => Item): Item[] {
	const items: Item[] = [];
	for (let handle = next(null); handle !== null; handle = next(handle)) items.push(make(handle));
	return items;
}

/** Not for two threads at once. Everything it gave out is invalid after `close`. */
export class BpfObject {
	readonly name: string;
	readonly btf: Btf;
	readonly programs: readonly BpfProgram[];
	readonly maps: readonly BpfMap[];
	readonly #variables: ReadonlyMap<string, Place>;
	readonly #attached: Attached[] = [];
	readonly #spliced = new Set<Pointer>();
	readonly #btfPath: string | undefined;
	#handle: MaybePointer;

	/** @throws IgError IG_OBJECT when it is not an eBPF object with BTF */
	static open(bytes: Uint8Array, options: OpenOptions): BpfObject {
		startLog();
		takeLog();
		const handle = native.ig_object_open(bytes, bytes.byteLength, options.name, options.btfPath ?? null);
		if (handle === null) throw openError(options.name, lastErrno(), takeLog());
		const btf = native.bpf_object__btf(handle);
		if (btf === null) {
			native.bpf_object__close(handle);
			throw new IgError('IG_OBJECT', { object: options.name, reason: 'it has no BTF: compile it with -g' });
		}
		return new BpfObject(handle, btf, options);
	}

	private constructor(handle: Pointer, btf: Pointer, options: OpenOptions) {
		this.#handle = handle;
		this.name = options.name;
		this.#btfPath = options.btfPath;
		this.btf = new Btf(btf);
		this.programs = list(
			(previous) => native.bpf_object__next_program(handle, previous),
			(program) => new BpfProgram(program),
		);
		this.maps = list(
			(previous) => native.bpf_object__next_map(handle, previous),
			(map) => new BpfMap(map),
		);
		this.#variables = this.#findVariables();
	}

	/** @throws IgError IG_OBJECT */
	program(name: string): BpfProgram {
		return this.#named(this.programs, 'program', name);
	}

	/** @throws IgError IG_OBJECT */
	map(name: string): BpfMap {
		return this.#named(this.maps, 'map', name);
	}

	#named<Item extends { readonly name: string }>(items: readonly Item[], what: string, name: string): Item {
		const item = items.find((candidate) => candidate.name === name);
		if (item === undefined) throw new IgError('IG_OBJECT', { object: this.name, reason: `it has no ${what} '${name}'` });
		return item;
	}

	/** Names of the global variables (`const volatile` ones, and those in .data and .bss). */
	get variables(): readonly string[] {
		return [...this.#variables.keys()];
	}

	/** A variable's initial value and its type's BTF id. @throws IgError IG_OBJECT_VARIABLE */
	global(variable: string): { readonly value: Uint8Array; readonly type: number } {
		const place = this.#place(variable);
		return { value: bytesAt(place.address, place.size), type: place.type };
	}

	/** Before the load: sets a variable's initial value; bytes it does not reach become 0. @throws IgError IG_OBJECT_VARIABLE, IG_OBJECT */
	setGlobal(variable: string, bytes: Uint8Array): void {
		const place = this.#place(variable);
		if (bytes.byteLength > place.size) {
			const reason = `${bytes.byteLength} bytes do not fit into variable '${variable}' of ${place.size}`;
			throw new IgError('IG_OBJECT', { object: this.name, reason });
		}
		const value = new Uint8Array(place.size);
		value.set(bytes);
		native.memcpy(place.address, value, place.size);
	}

	/** Before the load: classifiers that call the function call these instructions instead, with the same arguments. @throws IgError IG_OBJECT */
	replaceFunction(name: string, instructions: Uint8Array): void {
		const type = this.btf.find(BtfKind.Func, name);
		if (type === undefined) throw new IgError('IG_OBJECT', { object: this.name, reason: `it has no function '${name}'` });
		for (const { handle } of this.programs) {
			this.#spliced.add(handle);
			native.ig_program_splice(handle, type.id, instructions, instructions.byteLength / 8);
		}
	}

	/** @throws IgError IG_VERIFIER, IG_HOOK_MISSING, IG_NOT_ROOT, IG_BPF_DENIED, IG_NO_BTF, IG_OBJECT_LOAD */
	load(): void {
		const uprobes = this.programs.filter(({ autoload, isUprobe }) => autoload && isUprobe);
		if (uprobes.length > 1 && meets('uprobe_multi').ok) for (const program of uprobes) program.attachAsUprobeMulti();
		takeLog();
		const result = native.bpf_object__load(this.#open);
		for (const program of this.#spliced) native.ig_splice_forget(program);
		if (result >= 0) return;
		const sectionOf = (name: string): string | undefined => this.programs.find((program) => program.name === name)?.section;
		throw loadError({ object: this.name, errno: -result, log: takeLog(), btfPath: this.#btfPath, sectionOf });
	}

	/** Attaches every loaded program but iterators; none, if one cannot be. @throws what {@link BpfProgram.attach} does */
	attach(options: AttachOptions = {}): void {
		const programs = this.programs.filter(
			({ autoload, isIterator, type, target }) => autoload && !isIterator && type !== ProgramType.StructOps && target !== DISABLED,
		);
		try {
			for (const program of programs) this.#attached.push(...attachProgram(program, options));
			for (const map of this.maps) if (map.type === MapType.StructOps) this.#attached.push(attachStructOps(map));
			// What is in a library that this system does not have is left out, unless that is all.
			if (programs.length > 0 && this.#attached.length === 0) {
				const files = [...new Set(programs.map(({ target }) => target.split(':', 1)[0]))];
				options.log?.('warn', `nothing will be seen: this system has none of what is traced (${files.join(', ')})`);
			}
		} catch (error) {
			this.detach();
			throw error;
		}
	}

	detach(): void {
		const attached = this.#attached.splice(0);
		for (const one of attached) if (!(one instanceof Link)) one.close();
		Link.closeAll(attached.filter((one) => one instanceof Link));
	}

	/** Detaches, and frees maps and programs. May be repeated. */
	close(): void {
		const handle = this.#handle;
		if (handle === null) return;
		this.detach();
		this.#handle = null;
		native.bpf_object__close(handle);
	}

	get #open(): Pointer {
		if (this.#handle === null) throw new IgError('IG_INTERNAL', { reason: `object ${this.name} was used after it was closed` });
		return this.#handle;
	}

	#place(variable: string): Place {
		if (this.#handle === null) throw new IgError('IG_INTERNAL', { reason: `object ${this.name} was used after it was closed` });
		const place = this.#variables.get(variable);
		if (place === undefined) throw new IgError('IG_OBJECT_VARIABLE', { object: this.name, variable });
		return place;
	}

	/** Variables by their BTF sections; the section's initial bytes are those of its map. */
	#findVariables(): ReadonlyMap<string, Place> {
		const variables = new Map<string, Place>();
		const size = new BigUint64Array(1);
		for (const map of this.maps) {
			const section = this.btf.type(native.bpf_map__btf_value_type_id(map.handle));
			if (section.kind !== BtfKind.DataSec) continue;
			const start = native.bpf_map__initial_value(map.handle, size);
			if (start === null) continue;
			for (const variable of section.variables) {
				const { name, type } = this.btf.type(variable.type);
				if (variable.offset + variable.size > Number(size[0])) continue;
				variables.set(name, { address: start + BigInt(variable.offset), size: variable.size, type });
			}
		}
		return variables;
	}
}
