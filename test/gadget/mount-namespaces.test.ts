/** Events of some mount namespaces only: what containers are filtered by. */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attachSource } from '../../host/ebpf/source.js';
import { openGadget } from '../../host/gadget/gadget.js';
import { inspectGadget } from '../../host/gadget/instance.js';
import { fixture } from '../support/fixture.js';

const own = BigInt(/\d+/.exec(readlinkSync('/proc/self/ns/mnt'))?.[0] ?? 0);
const signaler = [fixture('signaler'), 'kill:0:self'] as const;

it('shows those that are in the set, at any time', async () => {
	const opened = inspectGadget(await openGadget('trace_signal'));
	try {
		const values = new Map([
			['comm', 'signaler'],
			['kill-only', 'true'],
		]);
		const loaded = opened.load(values, { mountNamespaces: [own] });
		loaded.attach();
		const source = attachSource(loaded.source.handle);
		const grows = (...[program, ...args]: readonly [string, ...string[]]): boolean => {
			const before = source.pending(0);
			execFileSync(program, args);
			return source.pending(0) > before;
		};
		expect(grows(...signaler)).toBe(true);
		expect(grows('unshare', '--mount', ...signaler)).toBe(false);
		loaded.mountNamespaces?.remove(own);
		expect(grows(...signaler)).toBe(false);
		loaded.mountNamespaces?.add(own);
		expect(grows(...signaler)).toBe(true);
	} finally {
		opened.close();
	}
});

it('a gadget that does not filter by them says so', async () => {
	const opened = inspectGadget(await openGadget('snapshot_socket'));
	try {
		expect(opened.load(new Map(), { mountNamespaces: [own] }).mountNamespaces).toBeUndefined();
	} finally {
		opened.close();
	}
});
