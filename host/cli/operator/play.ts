/** Plays a recording through an operator of a project, and keeps what comes out. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asked, wishOf } from '../../operator/capability.js';
import type { LoadedModule } from '../../operator/module.js';
import { modulePlan } from '../../operator/module.js';
import { startPipeline } from '../../pipeline/pipeline.js';
import type { PipelineEnd, PipelineStats } from '../../pipeline/plan.js';
import { RecordingReader } from '../../record/reader.js';
import { loadBuiltin } from '../builtin.js';
import { buildChain } from '../chain.js';
import { commonOptions } from '../options.js';
import { BATCH } from '../session.js';

export interface Play {
	readonly loaded: LoadedModule;
	readonly params: Readonly<Record<string, string>>;
	readonly recording: string;
	/** Side tables. */
	readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** Capabilities, as in `--grant NAME=...`. */
	readonly grants: readonly string[];
}

/** For `--grant`: each operator of the module gets those that it asks for; that the only one does not ask for one is a mistake to be told. */
function grantFlags({ manifest: { operators } }: LoadedModule, grants: readonly string[]): string[] {
	return operators.flatMap((manifest) => {
		const own = operators.length === 1 ? grants : grants.filter((grant) => asked(manifest).includes(wishOf(grant)));
		return own.length === 0 ? [] : [`${manifest.name}=${own.join(',')}`];
	});
}

export interface Played {
	readonly end: PipelineEnd;
	/** What the output wrote: JSON, a row a line, or what the operator itself formats. */
	readonly text: string;
	readonly stats: PipelineStats;
	readonly log: readonly string[];
}

/** The same on every machine: times are UTC, and side tables hold what the case says. @throws IgError IG_RECORDING, IG_OPERATOR_PARAM … */
export async function play({ loaded, params, recording, tables, grants }: Play): Promise<Played> {
	process.env.TZ = 'UTC';
	const reader = new RecordingReader(recording);
	reader.close();
	const { dataSources, created, host } = reader.header;
	const builtin = await loadBuiltin();
	const log: string[] = [];
	const operators = buildChain({
		...{ sources: dataSources, builtin, users: [{ spec: { file: loaded.file, params, place: 'before-formatters' }, loaded }] },
		...{
			options: commonOptions(
				new Map([
					['output', ['json']],
					['grant', grantFlags(loaded, grants)],
				]),
				'ig operator test --help',
			),
		},
		terminalWidth: undefined,
		...{ around: Date.parse(created) || 0, arch: host.arch, log: (_, text) => log.push(text) },
	});
	const folder = mkdtempSync(join(tmpdir(), 'ig-operator-'));
	const fd = openSync(join(folder, 'out'), 'w');
	try {
		const pipeline = startPipeline(
			{
				...{ dataSources, source: { kind: 'recording', path: recording, realtime: false }, outputFd: fd, operators },
				...{ modules: [builtin, loaded].map(modulePlan), batch: BATCH, deadlineMs: 1000 },
			},
			{ onLog: (level, text) => log.push(`${level}: ${text}`) },
		);
		for (const [name, entries] of Object.entries(tables)) {
			pipeline.updateTable(name, new Map(Object.entries(entries).map(([key, value]) => [Number(key), value])));
		}
		const end = await pipeline.ended;
		return { end, text: readFileSync(join(folder, 'out'), 'utf8'), stats: pipeline.stats(), log };
	} finally {
		closeSync(fd);
		rmSync(folder, { recursive: true });
	}
}
