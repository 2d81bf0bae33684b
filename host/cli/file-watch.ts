/** Notices that a file has another content, however it got there: replaced, truncated and written again, its folder gone for a while. */
import { statSync } from 'node:fs';

const POLL_MS = 100;
/** A file that cannot be used and does not change for so long is not being written: it is broken. */
const SETTLED_MS = 1000;

/** Undefined: it is not there. */
function fingerprint(path: string): string | undefined {
	const found = statSync(path, { bigint: true, throwIfNoEntry: false });
	return found && `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`;
}

export interface FileWatchEvents {
	/** Rejects: it cannot be used, now. */
	read(): Promise<void>;
	/** What `read` rejected with, once it is clear that the file is complete. */
	broken(error: unknown): void;
}

/**
 * Looks at the file from its construction on, and calls from `start` on. It polls: a watch of the kernel's is lost with the folder,
 * and says nothing on network file systems.
 */
export class FileWatch {
	readonly #path: string;
	#taken: string | undefined;
	#before: string | undefined;
	#failed: { readonly since: number; readonly error: unknown } | undefined;
	#timer: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(path: string) {
		this.#path = path;
		this.#taken = fingerprint(path);
		this.#before = this.#taken;
	}

	/** @returns ends it */
	start(events: FileWatchEvents): () => void {
		const again = (): void => {
			if (this.#stopped) return;
			this.#timer = setTimeout(() => void this.#look(events).finally(again), POLL_MS);
		};
		again();
		return () => {
			this.#stopped = true;
			clearTimeout(this.#timer);
		};
	}

	async #look(events: FileWatchEvents): Promise<void> {
		const now = fingerprint(this.#path);
		const settled = now === this.#before;
		this.#before = now;
		if (!settled) this.#failed = undefined;
		if (now === undefined || now === this.#taken || !settled) return;
		if (this.#failed === undefined) {
			try {
				await events.read();
				this.#taken = now;
			} catch (error) {
				this.#failed = { since: performance.now(), error };
			}
		} else if (performance.now() - this.#failed.since >= SETTLED_MS) {
			this.#taken = now;
			events.broken(this.#failed.error);
		}
	}
}
