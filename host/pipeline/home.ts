/** The home memory: that of the built-in module, with the regions that batches are laid out in. */
import { BatchHeader, type BatchSpec, fillRecords } from '../ebpf/batch.js';
import { clockOffsets } from '../ebpf/native.js';
import type { Guest } from '../operator/guest.js';

/** What a source's record times count from. */
export interface Clocks {
	readonly boot: bigint;
	readonly mono: bigint;
	/** They are of another time than now (ns since 1970). */
	readonly at?: bigint;
}

interface Region {
	readonly address: number;
	readonly capacity: number;
}

export class Home {
	readonly guest: Guest;
	/** Where a source lays out its batches. */
	#main: Region;
	/** Where emitted rows are laid out: the main region keeps its batch until that is done. */
	#second: Region | undefined;
	/** The one of the two that operators work on. */
	#current: Region;
	#clocks: Clocks | undefined;

	/** @throws GuestFailure */
	constructor(guest: Guest, capacity: number) {
		this.guest = guest;
		this.#main = { address: guest.alloc(capacity), capacity };
		this.#current = this.#main;
	}

	/** Address of the region that operators work on. */
	get current(): number {
		return this.#current.address;
	}

	/** Makes room for emitted rows. @throws GuestFailure */
	addSecond(capacity: number): void {
		this.#second = { address: this.guest.alloc(capacity), capacity };
	}

	/** Gives the main region more room, elsewhere: what is in it is gone. @throws GuestFailure */
	widen(capacity: number): void {
		if (capacity <= this.#main.capacity) return;
		this.#main = { address: this.guest.alloc(capacity), capacity };
		this.#current = this.#main;
	}

	main(): Uint8Array {
		return this.#at(this.#main);
	}

	/** The region that operators work on. */
	here(): Uint8Array {
		return this.#at(this.#current);
	}

	/** Has `run` work on the second region. */
	inSecond(run: () => void): void {
		this.#current = this.#second ?? this.#main;
		try {
			run();
		} finally {
			this.#current = this.#main;
		}
	}

	/** Lays out a batch where operators work now. */
	layOut(records: Uint8Array, spec: BatchSpec, sequence: number): { readonly rows: number; readonly consumed: number } {
		this.#clocks ??= clockOffsets();
		const { boot, mono, at } = this.#clocks;
		spec.setClocks(boot, mono);
		const region = this.here();
		const filled = fillRecords(records, region, spec, sequence, 0);
		if (at !== undefined) new DataView(region.buffer, region.byteOffset).setBigUint64(BatchHeader.DrainedAt, at, true);
		return filled;
	}

	/** Of the records that come, for batches that are made here. */
	setClocks({ boot, mono, at }: Clocks): void {
		this.#clocks = at === undefined ? { boot, mono } : { boot, mono, at };
	}

	/** What time it is (ms since 1970) where records of another time are played; nothing where time is now. */
	setTime(ms: number): void {
		if (this.#clocks?.at !== undefined) this.#clocks = { ...this.#clocks, at: BigInt(Math.round(ms * 1e6)) };
	}

	#at({ address, capacity }: Region): Uint8Array {
		return this.guest.bytes().subarray(address, address + capacity);
	}
}
