/** The thread of `translate.ts`: one component, one answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { $init, generate } from '@bytecodealliance/jco-transpile/component';
import type { Answer } from './translate.js';

const NAME = 'operator';

function answer(component: Uint8Array): Answer {
	try {
		const { files, imports, exports } = generate(component, {
			name: NAME,
			instantiation: { tag: 'sync' },
			noTypescript: true,
			noNodejsCompat: true,
			base64Cutoff: 0,
			compat: false,
			noNamespacedExports: true,
			map: [],
		});
		const script = files.find(([name]) => name === `${NAME}.js`)?.[1];
		if (script === undefined) return { error: 'no script came of it' };
		const cores = files.filter(([name]) => name.endsWith('.wasm')).map(([name, bytes]) => ({ name, bytes }));
		return { translated: { script: new TextDecoder().decode(script), cores, imports, exports: exports.map(([name]) => name) } };
	} catch (cause) {
		const payload = (cause as { payload?: unknown }).payload;
		return { error: typeof payload === 'string' ? payload : (cause as Error).message };
	}
}

await $init;
parentPort?.postMessage(answer(workerData as Uint8Array));
