import { expect, it } from 'vitest';
import { BatchSpec } from '../../host/ebpf/batch.js';
import { ringCounts } from '../../host/ebpf/counters.js';
import { readSources } from '../../host/ebpf/data-sources.js';
import { openSource } from '../../host/ebpf/source.js';
import { ensureTracefs } from '../../host/ebpf/tracefs.js';
import { openFixture, u32 } from './fixture.js';

it("buffer.h's macros write to a perf buffer where they are told to", () => {
	ensureTracefs({ autoMount: true });
	const object = openFixture('perf');
	const source = openSource();
	try {
		object.setGlobal('caller', u32(process.pid));
		object.load();
		expect(readSources(object)).toMatchObject([
			{ dataSource: { name: 'calls', type: 'single' }, origin: { kind: 'buffer', map: 'calls' } },
		]);
		const input = source.addPerf(object.map('calls').fd, 8, 16);
		object.attach();
		for (let number = 1; number <= 5; number++) {
			try {
				process.kill(5_000_000 + number, 0);
			} catch {
				// Nobody has that number.
			}
		}
		const region = new Uint8Array(1 << 20);
		const view = new DataView(region.buffer);
		const spec = new BatchSpec({ dataSource: 0, array: false, recordSize: 16, maxRows: 64, maxBytes: 64 << 10, fields: [] });
		expect(source.fill(input, region, spec, 0, 0).rows).toBe(4);
		const first = view.getUint32(28, true);
		const stride = view.getUint32(24, true);
		expect([0, 1, 2, 3].map((row) => view.getUint32(first + row * stride, true)).sort()).toEqual([1, 2, 3, 5]);
		expect(ringCounts(object, 'calls')?.lost()).toBe(0);
	} finally {
		source.free();
		object.close();
	}
});
