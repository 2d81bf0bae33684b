/**
 * WASI 0.2 for components: time, random numbers, stdout and stderr as lines in the log, and what was granted of files, environment and
 * arguments. There is no socket: where an interface has a way to say so, it does; what has none is a trap. Nothing blocks.
 */
import { type LineLimit, LineStream } from '../lines.js';
import { GuestExit } from '../wasi/preview1.js';
import { NOTHING, type World } from '../wasi/world.js';
import { makeFilesystem } from './files.js';
import { WitError } from './host.js';
import { CHUNK, InputStream, OutputStream, Pollable } from './streams.js';

const NANOSECONDS = 1_000_000_000n;

class IoError {
	toDebugString(): string {
		return 'closed';
	}
}

const refuse = (payload: unknown) => (): never => {
	throw new WitError(payload);
};

function random(size: bigint): Uint8Array {
	if (size > CHUNK) throw new Error(`it asked for ${size} random bytes at once; ${CHUNK} is the most`);
	// The global: importing node:crypto takes 4 ms of every start.
	return crypto.getRandomValues(new Uint8Array(Number(size)));
}

/** By interface, without version. */
type Interfaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Preview2 {
	readonly imports: Interfaces;
	/** Shows what was printed without a newline. */
	flush(): void;
}

/** What an interface does not have below: classes that nobody makes, functions that are traps. */
function complete(name: string, known: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
	return new Proxy(known, {
		get: (target, key) => {
			if (typeof key !== 'string' || key in target) return Reflect.get(target, key);
			if (/^[A-Z]/.test(key)) return class {};
			return () => {
				throw new Error(`it called ${key} of ${name}, which an operator does not get`);
			};
		},
	});
}

export function makePreview2(lines: LineLimit, world: World = NOTHING): Preview2 {
	const stdout = new LineStream('info', lines);
	const stderr = new LineStream('warn', lines);
	const noTerminal = (): undefined => undefined;
	const number64 = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
	const subscribe = (): Pollable => new Pollable();
	const randoms = { getRandomBytes: random, getRandomU64: number64, getInsecureRandomBytes: random, getInsecureRandomU64: number64 };
	const known: Interfaces = {
		'wasi:cli/environment': { getEnvironment: () => world.env, getArguments: () => world.args, initialCwd: () => undefined },
		'wasi:cli/exit': {
			exit: (status: { readonly tag: string }): never => {
				throw new GuestExit(status.tag === 'ok' ? 0 : 1);
			},
			exitWithCode: (code: number): never => {
				throw new GuestExit(code);
			},
		},
		'wasi:cli/stdin': { getStdin: () => new InputStream() },
		'wasi:cli/stdout': { getStdout: () => new OutputStream(stdout) },
		'wasi:cli/stderr': { getStderr: () => new OutputStream(stderr) },
		'wasi:cli/terminal-input': {},
		'wasi:cli/terminal-output': {},
		'wasi:cli/terminal-stdin': { getTerminalStdin: noTerminal },
		'wasi:cli/terminal-stdout': { getTerminalStdout: noTerminal },
		'wasi:cli/terminal-stderr': { getTerminalStderr: noTerminal },
		'wasi:clocks/monotonic-clock': {
			now: () => process.hrtime.bigint(),
			resolution: () => 1n,
			subscribeInstant: subscribe,
			subscribeDuration: subscribe,
		},
		'wasi:clocks/wall-clock': {
			now: () => {
				const now = BigInt(Date.now()) * 1_000_000n;
				return { seconds: now / NANOSECONDS, nanoseconds: Number(now % NANOSECONDS) };
			},
			resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
		},
		...makeFilesystem(world),
		'wasi:http/outgoing-handler': { handle: refuse({ tag: 'HTTP-request-denied' }) },
		'wasi:http/types': {},
		'wasi:io/error': { Error: IoError },
		'wasi:io/poll': { Pollable, poll: (list: readonly unknown[]) => Uint32Array.from(list, (_, i) => i) },
		'wasi:io/streams': { InputStream, OutputStream },
		'wasi:random/random': randoms,
		'wasi:random/insecure': randoms,
		'wasi:random/insecure-seed': { insecureSeed: () => [number64(), number64()] },
		'wasi:sockets/instance-network': {},
		'wasi:sockets/ip-name-lookup': { resolveAddresses: refuse('access-denied') },
		'wasi:sockets/network': {},
		'wasi:sockets/tcp': {},
		'wasi:sockets/tcp-create-socket': { createTcpSocket: refuse('access-denied') },
		'wasi:sockets/udp': {},
		'wasi:sockets/udp-create-socket': { createUdpSocket: refuse('access-denied') },
	};
	return {
		imports: Object.fromEntries(Object.entries(known).map(([name, functions]) => [name, complete(name, functions)])),
		flush: () => {
			stdout.flush();
			stderr.flush();
		},
	};
}
