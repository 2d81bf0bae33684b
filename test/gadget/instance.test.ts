import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meets } from '../../host/ebpf/probe.js';
import { attachSource } from '../../host/ebpf/source.js';
import { builtInGadgets, openGadget } from '../../host/gadget/gadget.js';
import { inspectGadget, type OpenedGadget } from '../../host/gadget/instance.js';
import { reference, references } from '../support/reference.js';

async function open(name: string): Promise<OpenedGadget> {
	return inspectGadget(await openGadget(name));
}

/** Descriptors of this process that are eBPF objects. */
function bpfDescriptors(): number {
	return readdirSync('/proc/self/fd').filter((fd) => {
		try {
			return /^(prog|map|link|btf)_/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
		} catch {
			return false;
		}
	}).length;
}

/** All but those that only other kernels can load (test/vm/matrix.test.ts). */
const loadable = builtInGadgets().filter((name) => name !== 'trace_lsm' || meets('lsm').ok);

describe.each(builtInGadgets())('%s, opened', (name) => {
	if (references.includes(name))
		it("has Inspektor Gadget's parameters of the gadget itself", async () => {
			const opened = await open(name);
			const expected = Object.entries(reference(name).params).filter(
				([key]) => !/^filter|^symbolizers$|^debuginfod|^max-entries$|^sort$/.test(key),
			);
			const ours = new Map(opened.params.map((param) => [param.key, param]));
			expect([...ours.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
			for (const [key, param] of expected) {
				expect(ours.get(key)?.type, key).toBe(param.type === 'uint' ? 'uint64' : param.type);
				expect(ours.get(key)?.default, key).toBe(param.default ?? (param.type === 'bool' ? 'false' : ''));
			}
			opened.close();
		});

	it('refuses a value that its parameter cannot have, before anything is loaded', async () => {
		const opened = await open(name);
		// Two gadgets show what is no process's, and do not filter by one.
		if (opened.params.some(({ key }) => key === 'pid')) expect(() => opened.check(new Map([['pid', 'x']]))).toThrow(/parameter 'pid'/);
		else expect(['profile_blockio', 'snapshot_socket']).toContain(name);
		opened.close();
	});
});

describe.each(loadable)('%s', (name) => {
	it('loads, attaches, and leaves nothing behind', async () => {
		const before = bpfDescriptors();
		const opened = await open(name);
		const notes: string[] = [];
		const loaded = opened.load(new Map([['pid', String(process.pid)]]), { log: (_, text) => notes.push(text) });
		expect(notes.some((note) => note.startsWith('hook '))).toBe(Object.keys(opened.gadget.metadata.hooks).length > 0);
		loaded.attach();
		readFileSync('/etc/passwd');
		expect(loaded.lost()).toBe(0);
		expect(bpfDescriptors()).toBeGreaterThan(before);
		if (name === 'trace_open') expect(attachSource(loaded.source.handle).pending(0)).toBeGreaterThan(0);
		loaded.detach();
		loaded.close();
		opened.close();
		expect(bpfDescriptors()).toBe(before);
	});

	it('loads and attaches by every way of hooking that this kernel has', async () => {
		const gadget = await openGadget(name);
		const { hooks } = gadget.metadata;
		const most = Math.max(1, ...Object.values(hooks).map((ways) => ways.length));
		for (let way = 0; way < most; way++) {
			const kept = Object.entries(hooks).map(([hook, ways]) => {
				const left = ways.slice(way).filter(({ needs }) => needs.every((need) => meets(need).ok));
				return [hook, left.length > 0 ? left.slice(0, 1) : ways];
			});
			const used = new Set(Object.values(hooks).flatMap((ways) => ways.flatMap(({ programs }) => programs)));
			const chosen = new Set(kept.flatMap(([, ways]) => (ways as (typeof hooks)[string]).flatMap(({ programs }) => programs)));
			// What no alternative names any more would be loaded.
			const off = [...used].filter((program) => !chosen.has(program));
			const opened = inspectGadget({
				...gadget,
				metadata: {
					...gadget.metadata,
					hooks: {
						...Object.fromEntries(kept),
						off: [
							{ programs: [], needs: [] },
							{ programs: off, needs: [] },
						],
					},
				},
			});
			opened.load(new Map()).attach();
			opened.close();
		}
	});
});
