/** One batch through one operator: at home in place, or out to another memory and back; and what formats write. */
import { acceptBatch, BatchFault, BatchHeader, checkBatch, markPart, type Projection, projectBatch } from '../ebpf/batch.js';
import { type Guest, GuestFailure } from '../operator/guest.js';
import type { Sink } from '../output/sink.js';
import type { Home } from './home.js';
import type { Link } from './link.js';

/** Rows that a built-in operator writes at once. */
const FORMATTED = 16_384;

/** What the native checks refuse is the guest's doing. */
function faults(check: () => number): number {
	try {
		return check();
	} catch (cause) {
		if (!(cause instanceof BatchFault) || cause.errno === 'EINVAL') throw cause;
		const what = cause.errno === 'ENOSPC' ? 'added more than a batch has room for' : `returned a batch with a ${cause.message}`;
		throw new GuestFailure(what, false, { cause });
	}
}

export class Passage {
	readonly #home: Home;
	readonly #sink: Sink;
	/** Bytes of a region in another memory. */
	readonly #capacity: number;
	readonly #rowMap: Uint32Array;

	constructor(home: Home, sink: Sink, limits: { readonly maxRows: number; readonly bytes: number }) {
		this.#home = home;
		this.#sink = sink;
		this.#capacity = limits.bytes;
		this.#rowMap = new Uint32Array(limits.maxRows);
	}

	/** Runs the batch at home. Returns the rows that are selected then. @throws GuestFailure, OutputClosed, OutputError */
	batch(link: Link, ds: number, rows: number, selected: number): number {
		const { builtin, kind } = link.plan;
		if (builtin && kind === 'format' && selected > FORMATTED) {
			this.#formatInParts(link, selected);
			return selected;
		}
		const count = builtin ? rows : this.#project(link, ds);
		this.#call(link);
		if (kind === 'format') {
			this.output(link);
			return selected;
		}
		const projection = link.projections[ds] as Projection;
		if (builtin) return faults(() => checkBatch(this.#home.here(), projection, rows));
		return faults(() => acceptBatch(this.#home.here(), this.#away(link), projection, this.#rowMap, count));
	}

	/** Calls with the batch at home, which has no rows. @throws GuestFailure */
	signal(link: Link, call: 'start' | 'tick' | 'stop', ds: number): void {
		if (!link.plan.builtin) this.#project(link, ds);
		link.call(call, (guest) => guest.call(`ig_${call}`, link.plan.index, this.#regionOf(link)));
	}

	/** Writes what a `format` operator produced, and takes it off the header. @throws GuestFailure, OutputClosed, OutputError */
	output(link: Link): void {
		if (link.plan.kind !== 'format' || link.guest === undefined) return;
		const memory = link.guest.bytes();
		const header = new DataView(memory.buffer, this.#regionOf(link), BatchHeader.Size);
		const address = header.getUint32(BatchHeader.Output, true);
		const size = header.getUint32(BatchHeader.OutputSize, true);
		header.setUint32(BatchHeader.Output, 0, true);
		header.setUint32(BatchHeader.OutputSize, 0, true);
		if (size === 0) return;
		if (address + size > memory.length) throw new GuestFailure(`gave output outside of its memory (${size} bytes at ${address})`, false);
		this.#sink.write(memory.subarray(address, address + size));
	}

	#call(link: Link): void {
		link.call('batch', (guest) => guest.call('ig_batch', link.plan.index, this.#regionOf(link)));
	}

	/** A snapshot's text can be many times as large as its rows: it is written bit by bit, as if it came in parts. */
	#formatInParts(link: Link, selected: number): void {
		const header = (): DataView => {
			const here = this.#home.here();
			return new DataView(here.buffer, here.byteOffset, BatchHeader.Size);
		};
		const [flags, selection] = [BatchHeader.Flags, BatchHeader.Selection].map((at) => header().getUint32(at, true)) as [number, number];
		for (let at = 0; at < selected; at += FORMATTED) {
			const rows = Math.min(FORMATTED, selected - at);
			header().setUint32(BatchHeader.Selection, selection + 4 * at, true);
			header().setUint32(BatchHeader.Selected, rows, true);
			markPart(this.#home.here(), { continued: at > 0, more: at + rows < selected });
			this.#call(link);
			this.output(link);
			header().setUint32(BatchHeader.Flags, flags, true);
		}
		header().setUint32(BatchHeader.Selection, selection, true);
		header().setUint32(BatchHeader.Selected, selected, true);
	}

	/** Where the operator finds its batch. */
	#regionOf(link: Link): number {
		return link.plan.builtin ? this.#home.current : link.region;
	}

	#project(link: Link, ds: number): number {
		return projectBatch(this.#home.here(), this.#away(link), link.projections[ds] as Projection, this.#rowMap);
	}

	#away(link: Link): Uint8Array {
		return (link.guest as Guest).bytes().subarray(link.region, link.region + this.#capacity);
	}
}
