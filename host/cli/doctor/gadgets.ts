/** Which of the installed gadgets can run here: each is loaded, and not attached. */
import { IgError } from '../../errors.js';
import { builtInGadgets, openGadget } from '../../gadget/gadget.js';
import { inspectGadget } from '../../gadget/instance.js';

export interface GadgetCheck {
	readonly name: string;
	readonly ok: boolean;
	/** Per hook that can be done in several ways, the programs that do it here. */
	readonly hooks: Readonly<Record<string, readonly string[]>>;
	/** Why it cannot run; empty when it can. */
	readonly reason: string;
	readonly fix: string;
	/** Of the error that it would end with. */
	readonly code?: string;
}

async function tryGadget(name: string): Promise<GadgetCheck> {
	try {
		const opened = inspectGadget(await openGadget(name));
		try {
			const hooks = Object.fromEntries(opened.hooks());
			opened.load(new Map()).close();
			return { name, ok: true, hooks, reason: '', fix: '' };
		} finally {
			opened.close();
		}
	} catch (error) {
		const known = error instanceof IgError ? error : undefined;
		const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
		return { name, ok: false, hooks: {}, reason, fix: known?.hint ?? '', ...(known && { code: known.code }) };
	}
}

export async function gadgetChecks(): Promise<GadgetCheck[]> {
	const found: GadgetCheck[] = [];
	// One after the other: libbpf's log is one for all.
	for (const name of builtInGadgets()) found.push(await tryGadget(name));
	return found;
}
