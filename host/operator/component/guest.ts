/**
 * The door of components: their batches are values, not memory. Regions are the host's own bytes; a call hands over a batch from one
 * and writes the changes that come back into it, so that the rest of the pipeline sees no difference.
 */
import { BatchHeader } from '../../ebpf/batch.js';
import { Kind } from '../../schema.js';
import { MAX_STATE } from '../abi.js';
import type { Access } from '../access.js';
import { type BatchCall, type Guest, GuestFailure, guestFailure } from '../guest.js';
import type { InitTable } from '../init-table.js';
import { type LineLimit, MAX_LOG } from '../lines.js';
import type { ComponentPlan } from '../module.js';
import type { InitResult, InitSession } from '../session.js';
import type { World } from '../wasi/world.js';
import { applyChanges, bytesFrom, changesFrom, toWit } from './batch.js';
import { flagsToWit, makeHost } from './host.js';
import { compileScript, type Instantiate } from './script.js';
import { kinds, type WitChange, type WitExports, type WitSource } from './types.js';
import { makePreview2, type Preview2 } from './wasi.js';

const ALIGN = 16;
const ARRAY = 0x10000000;

function toSources({ sources }: InitTable): WitSource[] {
	return sources.map((source) => ({
		name: source.name,
		isArray: source.type === 'array',
		recordSize: source.recordSize,
		annotations: Object.entries(source.annotations),
		fields: source.fields.map((field) => ({
			id: field.id,
			name: field.name,
			kind: kinds[field.kind & ~ARRAY] ?? kinds[Kind.Invalid],
			isArray: (field.kind & ARRAY) !== 0,
			offset: field.offset,
			size: field.size,
			flags: flagsToWit(field.flags),
			parent: field.parent < 0 ? undefined : field.parent,
			slot: field.slot < 0 ? undefined : field.slot,
			tags: field.tags,
			annotations: Object.entries(field.annotations),
			order: field.order,
		})),
	}));
}

/** Entries of a side table as `ig_table` gets them: op, key size, value size, key, value, padded to 4. */
function toChanges(entries: Uint8Array): WitChange[] {
	const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
	const changes: WitChange[] = [];
	for (let at = 0; at + 12 <= entries.length; ) {
		const deleted = view.getUint32(at, true) === 2;
		const key = at + 12;
		const value = key + view.getUint32(at + 4, true);
		const end = value + view.getUint32(at + 8, true);
		changes.push({ key: entries.subarray(key, value), value: deleted ? undefined : entries.subarray(value, end) });
		at = (end + 3) & ~3;
	}
	return changes;
}

const scripts = new WeakMap<ComponentPlan, Instantiate>();

/** Compiled once: a component may have to be opened again. */
export function scriptOf(plan: ComponentPlan): Instantiate {
	const script = scripts.get(plan) ?? compileScript(plan.script);
	scripts.set(plan, script);
	return script;
}

export class ComponentGuest implements Guest {
	access: Access | undefined;
	readonly #exports: WitExports;
	readonly #memories: WebAssembly.Memory[] = [];
	readonly #wasi: Preview2;
	#session: InitSession | undefined;
	/** Regions, from address `ALIGN` on: 0 is no address. */
	#room = new Uint8Array(ALIGN);
	#output = { address: 0, size: 0 };

	/** Instantiates the core modules of the component; their start functions run. @throws GuestFailure */
	constructor(plan: ComponentPlan, lines: LineLimit, world?: World) {
		this.#wasi = makePreview2(lines, world);
		const host = makeHost({ session: () => this.#session, access: () => this.access, lines });
		const cores = new Map(plan.cores.map(({ name, module }) => [name, module]));
		const instantiate = scriptOf(plan);
		try {
			const exports = instantiate(
				(name) => cores.get(name),
				{ ...this.#wasi.imports, 'ig:operator/host': host, 'ig:operator/types': {} },
				(module, imports) => {
					const instance = new WebAssembly.Instance(module, imports ?? {});
					for (const one of Object.values(instance.exports)) {
						if (one instanceof WebAssembly.Memory && !this.#memories.includes(one)) this.#memories.push(one);
					}
					return instance;
				},
			);
			this.#exports = Object.fromEntries(plan.exports.map(({ name, as }) => [as, exports[name]])) as unknown as WitExports;
		} catch (cause) {
			throw guestFailure('could not be started', cause);
		} finally {
			this.#wasi.flush();
		}
	}

	get memorySize(): number {
		return this.#memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
	}

	bytes(): Uint8Array {
		return this.#room;
	}

	has(name: string): boolean {
		const { lifecycle, tables, state } = this.#exports;
		switch (name) {
			case 'ig_start':
			case 'ig_tick':
			case 'ig_stop':
				return lifecycle !== undefined;
			case 'ig_table':
				return tables !== undefined;
			case 'ig_state_save':
			case 'ig_state_restore':
				return state !== undefined;
			default:
				return name === 'ig_init' || name === 'ig_batch';
		}
	}

	alloc(size: number): number {
		const address = (this.#room.length + ALIGN - 1) & -ALIGN;
		const room = new Uint8Array(address + size);
		room.set(this.#room);
		this.#room = room;
		return address;
	}

	init(op: number, table: InitTable, session: InitSession): InitResult {
		this.#session = session;
		try {
			this.#call('ig_init', () => this.#exports.operator.init(op, toSources(table), Object.entries(table.params)));
		} finally {
			this.#session = undefined;
		}
		return session.result();
	}

	call(name: BatchCall, op: number, address: number): void {
		const capacity = new DataView(this.#room.buffer).getUint32(address + BatchHeader.Capacity, true);
		const region = this.#room.subarray(address, address + capacity);
		const batch = toWit(region);
		let output: Uint8Array | undefined;
		if (name === 'ig_batch') {
			const changes = changesFrom(this.#call(name, () => this.#exports.operator.batch(op, batch)));
			applyChanges(region, batch, changes);
			output = changes.output;
		} else {
			const { lifecycle } = this.#exports;
			if (lifecycle === undefined) return;
			const signal = name === 'ig_start' ? lifecycle.start : name === 'ig_tick' ? lifecycle.tick : lifecycle.stop;
			output = bytesFrom(
				this.#call(name, () => signal(op, batch)),
				'output',
			);
		}
		if (output !== undefined) this.#give(address, output);
	}

	table(op: number, table: number, entries: Uint8Array): void {
		this.#call('ig_table', () => this.#exports.tables?.update(op, table, toChanges(entries)));
	}

	saveState(op: number): Uint8Array {
		const state =
			bytesFrom(
				this.#call('ig_state_save', () => this.#exports.state?.save(op)),
				'state',
			) ?? new Uint8Array(0);
		if (state.length > MAX_STATE) throw new GuestFailure(`gave ${state.length} bytes of state; at most ${MAX_STATE} are taken`, false);
		return state;
	}

	restoreState(op: number, state: Uint8Array): void {
		this.#call('ig_state_restore', () => this.#exports.state?.restore(op, state));
	}

	/** Puts output where the batch's header can name it. */
	#give(region: number, output: Uint8Array): void {
		if (this.#output.size < output.length) this.#output = { address: this.alloc(output.length), size: output.length };
		this.#room.set(output, this.#output.address);
		const header = new DataView(this.#room.buffer, region, BatchHeader.Size);
		header.setUint32(BatchHeader.Output, this.#output.address, true);
		header.setUint32(BatchHeader.OutputSize, output.length, true);
	}

	#call<T>(name: string, run: () => T): T {
		try {
			const result = run();
			if (!(result instanceof Promise)) return result;
			// Nobody waits for it: the thread of the pipeline does one thing at a time.
			result.catch(() => {});
			throw new GuestFailure(`${name} is async, which an operator cannot be`, true);
		} catch (cause) {
			if (cause instanceof GuestFailure) throw cause;
			// An error that the operator returned, as it means to; whatever else is a trap.
			const said = (cause as { payload?: unknown }).payload;
			if (typeof said === 'string') throw new GuestFailure(`${name} failed: ${said.slice(0, MAX_LOG)}`, false, { cause });
			throw guestFailure(`failed in ${name}`, cause);
		} finally {
			this.#wasi.flush();
		}
	}
}
