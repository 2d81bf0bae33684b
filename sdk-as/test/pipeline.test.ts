/** The examples in the real pipeline, one after another. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadModule } from '../../host/operator/load.js';
import { type DataSource, FieldFlag } from '../../host/schema.js';
import { run } from '../../test/hostile/run.js';
import { open, RECORD_SIZE, row } from './opens.js';

const example = (name: string) => loadModule(fileURLToPath(new URL(`../../dist/examples/as-${name}.wasm`, import.meta.url)));

const source: DataSource = {
	name: open.name,
	type: 'single',
	recordSize: RECORD_SIZE,
	fields: open.fields.map(({ name, kind, offset = 0, size = 0, parent = -1 }, id) => {
		return { id, name, kind, offset, size, parent, flags: FieldFlag.StaticMember, slot: -1, tags: [], annotations: {}, order: id };
	}),
	annotations: {},
	tags: [],
	slots: 0,
};

function records(rows: readonly Uint8Array[]): Uint8Array {
	return Buffer.concat(
		rows.map((payload) => {
			const header = Buffer.alloc(8);
			header.writeUInt32LE(payload.length);
			return Buffer.concat([header, payload]);
		}),
	);
}

test('filter, enrichers and formatter work on what the one before left', async () => {
	const rows = [row({ pid: 1 }), row({ pid: 2, uid: 1000 }), row({ pid: 3, fname: '/usr/a' }), row({ pid: 4, fname: '/etc/"q"' })];
	const outcome = await run({
		sources: [source],
		batches: [
			{ ds: 0, rows: 4, records: records(rows) },
			{ ds: 0, rows: 1, records: records([row({ pid: 5, uid: 7 })]) },
		],
		operators: [
			{ module: await example('filter'), changes: { params: { prefix: '/etc', uid: '0' } } },
			{ module: await example('enrich') },
			{ module: await example('users') },
			{ module: await example('csv') },
		],
		tables: { users: new Map([[0, 'root']]) },
	});
	expect(outcome.log).toEqual([]);
	expect(outcome.end).toEqual({ reason: 'finished' });
	expect(outcome.output).toBe('pid,path\n1,"/etc/passwd"\n4,"/etc/""q"""\n');
	expect(outcome.stats).toMatchObject({ submitted: 5, delivered: 2, filtered: 3, lost: 0, dropped: 0 });
	const added = outcome.sources[0]?.fields.slice(open.fields.length).map(({ name, slot }) => ({ name, slot }));
	expect(added).toEqual([
		{ name: 'opener', slot: 0 },
		{ name: 'proc.username', slot: 1 },
		{ name: 'at', slot: 2 },
	]);
});

test('an abort in init ends the run with its message and place', async () => {
	const { end } = await run({
		sources: [{ ...source, name: 'exec' }],
		batches: [],
		operators: [{ module: await example('filter') }],
	});
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT' } });
	expect((end as { error: Error }).error.message).toMatch(/as-filter .*aborted: no data source open at .*init\.ts:\d+:\d+/);
});

test('a field that is not there ends the run, and the log names it', async () => {
	const fields = source.fields.filter(({ name }) => name !== 'fname');
	const { end, log } = await run({ sources: [{ ...source, fields }], batches: [], operators: [{ module: await example('filter') }] });
	expect(end).toMatchObject({ reason: 'failed', error: { code: 'IG_OPERATOR_INIT' } });
	expect(log).toEqual(['error: as-filter: no field fname in data source open']);
});
