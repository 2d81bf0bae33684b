/** What guests say, as lines in the log: bounded in rate and length, decoded only when shown. */
import { defaultLimits } from './limits.js';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Bytes of a line that are shown. */
export const MAX_LOG = 4096;
const NEWLINE = 10;

/** Lets some lines through each second, and then says how many it kept back. */
export class LineLimit {
	#second = 0;
	#lines = 0;
	#held = 0;
	readonly #out: (level: LogLevel, text: string) => void;
	readonly #perSecond: number;
	readonly #kept: () => void;

	/** `kept` is called for each line that is kept back. */
	constructor(out: (level: LogLevel, text: string) => void, perSecond = defaultLimits.log, kept: () => void = () => {}) {
		this.#out = out;
		this.#perSecond = perSecond;
		this.#kept = kept;
	}
	/** `text` is made only when it is shown: a flood must not cost the decoding. */
	line(level: LogLevel, text: () => string): void {
		const second = Math.floor(performance.now() / 1000);
		if (second !== this.#second) {
			if (this.#held > 0) this.#out('warn', `${this.#held} more lines were not shown`);
			this.#second = second;
			this.#lines = 0;
			this.#held = 0;
		}
		if (this.#lines++ < this.#perSecond) {
			this.#out(level, text());
			return;
		}
		this.#held++;
		this.#kept();
	}
}

/** A stream of bytes (stdout, stderr) as lines. A line's rest beyond `MAX_LOG` bytes is not shown. */
export class LineStream {
	readonly #level: LogLevel;
	readonly #lines: LineLimit;
	readonly #decoder = new TextDecoder();
	readonly #begun = new Uint8Array(MAX_LOG);
	#size = 0;

	constructor(level: LogLevel, lines: LineLimit) {
		this.#level = level;
		this.#lines = lines;
	}

	write(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length; ) {
			const newline = bytes.indexOf(NEWLINE, at);
			const end = newline < 0 ? bytes.length : newline;
			const part = bytes.subarray(at, Math.min(end, at + MAX_LOG - this.#size));
			this.#begun.set(part, this.#size);
			this.#size += part.length;
			if (newline < 0) return;
			this.#show();
			at = newline + 1;
		}
	}

	/** Shows a line that has no end. */
	flush(): void {
		if (this.#size > 0) this.#show();
	}

	#show(): void {
		const size = this.#size;
		this.#size = 0;
		this.#lines.line(this.#level, () => this.#decoder.decode(this.#begun.subarray(0, size)));
	}
}
