/** Which process owns which socket: the framework's own programs (bpf/sockets), which fill a map that gadgets declare. */
import { closeSync, readFileSync } from 'node:fs';
import { IgError } from '../errors.js';
import { built } from '../root.js';
import { KERNEL_BTF } from './kernel-btf.js';
import { errnoName, lastErrno, native } from './native.js';
import { BpfObject } from './object.js';
import type { Link } from './programs.js';

/** The map's name in gadgets (`gadget/sockets-map.h`). */
export const SOCKETS_MAP = 'gadget_sockets';
/** Bytes of each path in its values: GADGET_PATH_MAX. */
const PATHS = 512;
const SWEEP_MS = 2000;
const MFD_CLOEXEC = 1;

/**
 * BTF in which gadgets find struct gadget_socket_value, in memory: an object is opened with its `path`, and it is filled before
 * the load, for describing a gadget needs none.
 */
export class SocketsBtf {
	readonly path: string;
	readonly #fd: number;
	readonly #base: string | undefined;
	#filled = false;
	#open = true;

	/** @param base BTF of the kernel, when it has none of its own */
	constructor(base?: string) {
		this.#base = base;
		this.#fd = native.memfd_create('ig-btf', MFD_CLOEXEC);
		if (this.#fd < 0) throw new IgError('IG_INTERNAL', { reason: `cannot make a file in memory: ${errnoName(lastErrno())}` });
		this.path = `/proc/self/fd/${this.#fd}`;
	}

	/** @throws IgError IG_NO_BTF */
	fill(): void {
		if (this.#filled) return;
		const path = this.#base ?? KERNEL_BTF;
		const result = native.ig_btf_with_sockets(path, PATHS, this.#fd);
		if (result < 0) throw new IgError('IG_BTF', { path, reason: errnoName(-result) });
		this.#filled = true;
	}

	/** May be repeated. */
	close(): void {
		if (this.#open) closeSync(this.#fd);
		this.#open = false;
	}
}

/** The running programs. One set serves all gadgets of the process. */
class Sockets {
	readonly #object: BpfObject;
	readonly #links: Link[] = [];
	readonly #timer: NodeJS.Timeout;

	constructor(btfPath: string | undefined) {
		const path = built('bpf', 'sockets.bpf.o');
		this.#object = BpfObject.open(readFileSync(path), { name: 'ig_sockets', btfPath });
		try {
			this.#object.load();
			this.#object.attach();
			const map = this.#object.map(SOCKETS_MAP);
			const sweep = this.#object.program('sweep').attachIterator(map);
			this.#links.push(sweep);
			this.#list();
			this.#timer = setInterval(() => native.ig_iter_run(sweep.fd), SWEEP_MS);
			this.#timer.unref();
		} catch (error) {
			this.#free();
			throw error;
		}
	}

	get fd(): number {
		return this.#object.map(SOCKETS_MAP).fd;
	}

	/** The sockets that are there already. New ones are seen as well by now, so none falls between. */
	#list(): void {
		const link = this.#object.program('existing').attachIterator();
		try {
			native.ig_iter_run(link.fd);
		} finally {
			link.close();
		}
	}

	#free(): void {
		for (const link of this.#links.splice(0)) link.close();
		this.#object.close();
	}

	close(): void {
		clearInterval(this.#timer);
		this.#free();
	}
}

let running: { readonly sockets: Sockets; users: number } | undefined;

export interface SocketsUse {
	/** The map's descriptor. */
	readonly fd: number;
	/** Ends the programs with their last user. May be repeated. */
	close(): void;
}

/**
 * Starts the programs, or shares those that run.
 * @throws what {@link BpfObject.load} and {@link BpfObject.attach} do
 */
export function useSockets(btfPath?: string): SocketsUse {
	running ??= { sockets: new Sockets(btfPath), users: 0 };
	const shared = running;
	shared.users++;
	let open = true;
	return {
		fd: shared.sockets.fd,
		close: () => {
			if (!open) return;
			open = false;
			if (--shared.users > 0) return;
			shared.sockets.close();
			running = undefined;
		},
	};
}
