/** The doors of core modules, plain and WASI: a memory of their own, called as docs/operator-abi.md says. */
import { abiExports, MAX_STATE } from './abi.js';
import type { Access } from './access.js';
import { Errno, errnoName } from './errno.js';
import { type BatchCall, type Guest, GuestFailure, guestFailure } from './guest.js';
import { makeImports } from './imports.js';
import { encodeInitTable, type InitTable } from './init-table.js';
import type { LineLimit } from './lines.js';
import type { CorePlan } from './module.js';
import type { InitResult, InitSession } from './session.js';
import { makeWasi, WASI_MODULE, type Wasi } from './wasi/preview1.js';
import type { World } from './wasi/world.js';

type GuestFunction = (...args: number[]) => unknown;

export class CoreGuest implements Guest {
	readonly #exports: Readonly<Record<string, unknown>>;
	readonly #memory: WebAssembly.Memory;
	access: Access | undefined;
	#bytes: Uint8Array;
	#session: InitSession | undefined;
	#wasi: Wasi | undefined;
	#scratch = { address: 0, size: 0 };

	/** Instantiates; runs the module's start function and `_initialize`. @throws GuestFailure */
	constructor(plan: CorePlan, lines: LineLimit, world?: World) {
		const memory = (): Uint8Array => this.bytes();
		const imports = makeImports({ memory, session: () => this.#session, access: () => this.access, lines });
		if (plan.door === 'wasi') {
			this.#wasi = makeWasi(memory, lines, world);
			imports[WASI_MODULE] = this.#wasi.imports;
		}
		if (plan.memory !== undefined) {
			const { initial, maximum } = plan.memory;
			const made = new WebAssembly.Memory(maximum === undefined ? { initial } : { initial, maximum });
			imports.env = { ...imports.env, memory: made };
		}
		// A start function may log before the constructor is done.
		this.#bytes = new Uint8Array(0);
		let instance: WebAssembly.Instance;
		try {
			instance = new WebAssembly.Instance(plan.module, imports);
		} catch (cause) {
			throw guestFailure('could not be started', cause);
		}
		this.#exports = instance.exports;
		const exported = (instance.exports as { memory?: unknown }).memory ?? imports.env?.memory;
		this.#memory = exported as WebAssembly.Memory;
		this.#bytes = new Uint8Array(this.#memory.buffer);
		for (const [name, value] of Object.entries(this.#exports)) {
			const wanted = abiExports[name]?.parameters;
			if (wanted !== undefined && typeof value === 'function' && value.length !== wanted) {
				throw new GuestFailure(`exports ${name} with ${value.length} parameters instead of ${wanted}`, true);
			}
		}
		if (this.has('_initialize')) this.#call('_initialize');
	}

	bytes(): Uint8Array {
		if (this.#memory !== undefined && this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
		return this.#bytes;
	}

	get memorySize(): number {
		return this.#memory.buffer.byteLength;
	}

	has(name: string): boolean {
		return typeof this.#exports[name] === 'function';
	}

	alloc(size: number): number {
		const address = this.#number('ig_alloc', this.#call('ig_alloc', size)) >>> 0;
		if (address === 0) throw new GuestFailure(`has no room for ${size} bytes (ig_alloc returned 0)`, true);
		if (address % 8 !== 0) throw new GuestFailure(`ig_alloc returned ${address}, which is not aligned`, true);
		if (address + size > this.memorySize) throw new GuestFailure(`ig_alloc returned ${address}, outside of its memory`, true);
		return address;
	}

	init(op: number, table: InitTable, session: InitSession): InitResult {
		const bytes = encodeInitTable(table);
		const address = this.#put(bytes);
		this.#session = session;
		try {
			this.#checked('ig_init', op, address, bytes.length);
		} finally {
			this.#session = undefined;
		}
		return session.result();
	}

	call(name: BatchCall, op: number, region: number): void {
		this.#checked(name, op, region);
	}

	table(op: number, table: number, entries: Uint8Array): void {
		this.#checked('ig_table', op, table, this.#put(entries), entries.length);
	}

	saveState(op: number): Uint8Array | undefined {
		const out = this.#put(new Uint8Array(8));
		const result = this.#number('ig_state_save', this.#call('ig_state_save', op, out));
		if (result === Errno.NOSYS) return undefined;
		if (result !== 0) throw new GuestFailure(`ig_state_save returned ${errnoName(result)}`, false);
		const memory = this.bytes();
		const view = new DataView(memory.buffer, out, 8);
		const address = view.getUint32(0, true);
		const size = view.getUint32(4, true);
		if (size > MAX_STATE) throw new GuestFailure(`gave ${size} bytes of state; at most ${MAX_STATE} are taken`, false);
		if (address + size > memory.length) throw new GuestFailure(`gave state outside of its memory (${size} bytes at ${address})`, false);
		return memory.slice(address, address + size);
	}

	restoreState(op: number, state: Uint8Array): void {
		this.#checked('ig_state_restore', op, this.#put(state), state.length);
	}

	/** Copies bytes into a buffer of the guest's that is ours, and kept from call to call. */
	#put(bytes: Uint8Array): number {
		if (this.#scratch.size < bytes.length) {
			const size = Math.max(4096, 2 ** Math.ceil(Math.log2(bytes.length)));
			this.#scratch = { address: this.alloc(size), size };
		}
		this.bytes().set(bytes, this.#scratch.address);
		return this.#scratch.address;
	}

	#checked(name: string, ...args: number[]): void {
		const result = this.#number(name, this.#call(name, ...args));
		if (result !== 0) throw new GuestFailure(`${name} returned ${errnoName(result)}`, false);
	}

	#number(name: string, result: unknown): number {
		if (typeof result !== 'number') throw new GuestFailure(`${name} returned no i32`, true);
		return result;
	}

	#call(name: string, ...args: number[]): unknown {
		try {
			return (this.#exports[name] as GuestFunction)(...args);
		} catch (cause) {
			throw guestFailure(`failed in ${name}`, cause);
		} finally {
			this.#wasi?.flush();
		}
	}
}
