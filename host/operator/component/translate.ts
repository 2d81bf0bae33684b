/** Takes components apart, with jco. In a thread of its own: a component is a stranger's, and this may take seconds. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export interface Translated {
	readonly script: string;
	/** Core modules, as the script names them. */
	readonly cores: readonly { readonly name: string; readonly bytes: Uint8Array }[];
	/** Interfaces that it imports, without versions, and what it exports, with them. */
	readonly imports: readonly string[];
	readonly exports: readonly string[];
}

export type Answer = { readonly translated: Translated } | { readonly error: string };

/** Longest time that one component may take. */
const LIMIT_MS = 60_000;

/** Under a TypeScript runner (vitest) the thread's file is the built one: threads get no transform. */
const here = fileURLToPath(import.meta.url);
const threadFile = here.endsWith('.ts')
	? new URL('../../../dist/host/operator/component/translate-thread.js', import.meta.url)
	: new URL('./translate-thread.js', import.meta.url);

/** @throws Error with jco's reason */
export function translate(component: Uint8Array): Promise<Translated> {
	const worker = new Worker(threadFile, { workerData: component, stdin: false });
	return new Promise<Translated>((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`taking it apart takes more than ${LIMIT_MS / 1000} s`)), LIMIT_MS);
		worker.on('message', (answer: Answer) => {
			clearTimeout(timer);
			if ('error' in answer) reject(new Error(answer.error));
			else resolve(answer.translated);
		});
		worker.on('error', reject);
		worker.on('exit', () => {
			clearTimeout(timer);
			reject(new Error('the thread that takes it apart ended'));
		});
	}).finally(() => worker.terminate());
}
