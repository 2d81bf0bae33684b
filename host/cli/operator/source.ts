/** Data sources to look at an operator with: a recording's, or a gadget's. */
import { IgError } from '../../errors.js';
import { builtInGadgets, openGadget } from '../../gadget/gadget.js';
import { inspectGadget } from '../../gadget/instance.js';
import type { LoadedModule } from '../../operator/module.js';
import { RecordingReader } from '../../record/reader.js';
import type { DataSource } from '../../schema.js';

export interface Sources {
	/** What they are of, for people. */
	readonly of: string;
	readonly dataSources: readonly DataSource[];
}

async function ofGadget(name: string): Promise<Sources> {
	const opened = inspectGadget(await openGadget(name));
	try {
		return { of: name, dataSources: opened.dataSources };
	} finally {
		opened.close();
	}
}

/** Without a recording or a gadget: the first built-in gadget that has a data source of the manifest's. Undefined: none has. */
export async function findSources(
	loaded: LoadedModule,
	recording: string | undefined,
	gadget: string | undefined,
): Promise<Sources | undefined> {
	if (recording !== undefined) {
		const reader = new RecordingReader(recording);
		reader.close();
		return { of: recording, dataSources: reader.header.dataSources };
	}
	if (gadget !== undefined) return await ofGadget(gadget);
	const wanted = loaded.manifest.operators.flatMap(({ dataSources }) => dataSources ?? []);
	for (const name of ['trace_open', ...builtInGadgets()]) {
		try {
			const found = await ofGadget(name);
			if (wanted.length === 0 || found.dataSources.some((source) => wanted.includes(source.name))) return found;
		} catch (error) {
			if (!(error instanceof IgError)) throw error;
		}
	}
	return undefined;
}
