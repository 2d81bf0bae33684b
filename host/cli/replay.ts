/** `ig replay FILE`: a recording through operators and outputs, without root and without eBPF. */
import { Command } from 'commander';
import { IgError } from '../errors.js';
import { builtInOperator } from '../gadget/gadget.js';
import type { OperatorPlan, PipelinePlan } from '../pipeline/plan.js';
import type { RecordingHeader } from '../record/format.js';
import { RecordingReader } from '../record/reader.js';
import { annotateSources } from './annotate.js';
import { loadBuiltin } from './builtin.js';
import { buildChain } from './chain.js';
import { type Flag, parseFlags, positionals } from './flags.js';
import { emittedFlags, gadgetFlags } from './gadget-flags.js';
import { booleanOf, commonOptions } from './options.js';
import { withProjects } from './operator-project.js';
import { makeLog } from './report.js';
import { commonFlags, replayFlags } from './run-flags.js';
import { modulePlan } from '../operator/module.js';
import type { UserOperator } from './operator-watch.js';
import { checkWatch, loadOperators, watchFor } from './run.js';
import { BATCH, openOutput, runToEnd, terminalWidth } from './session.js';

const help = 'ig replay --help';

/** Filters by data source have the data sources' names, which the recording knows. */
function headerOf(path: string | undefined): Pick<RecordingHeader, 'dataSources' | 'created' | 'host' | 'gadget'> {
	if (path === undefined) return { dataSources: [], created: '', host: { kernel: '', arch: '' }, gadget: { name: '' } };
	const reader = new RecordingReader(path);
	try {
		return reader.header;
	} finally {
		reader.close();
	}
}

/** @returns the exit code */
export async function replay(args: readonly string[]): Promise<number> {
	const static_: readonly Flag[] = [...commonFlags, ...replayFlags];
	const asks = args.some((arg) => arg === '-h' || arg === '--help');
	const path = positionals(args, static_)[0];
	const { dataSources, created, host, gadget } = headerOf(asks ? undefined : path);
	const command = new Command('ig replay').usage('FILE [flags]').description('Plays a recording of `ig run --record`.').argument('[FILE]');
	if (asks) {
		try {
			parseFlags(command, ['--help'], static_, help);
		} catch {
			// Printed.
		}
		return 0;
	}
	const known = [...static_, ...gadgetFlags([], dataSources)];
	const { values } = parseFlags(command, args, [...known, ...emittedFlags(args, known)], help);
	if (path === undefined) throw new IgError('IG_USAGE', { reason: 'replay needs the name of a recording', help });

	const asked = commonOptions(values, help);
	const log = makeLog(asked.verbose);
	const options = await withProjects(asked, log);
	const builtin = await loadBuiltin();
	annotateSources(dataSources, options.annotate, help);
	checkWatch(options, undefined);
	const watch = await watchFor(options);
	const users = await loadOperators(options, { name: gadget.name, operator: builtInOperator(gadget.name) }, {});
	const outputFd = openOutput(options.outputFile);
	const around = Date.parse(created) || Date.now();
	const interfaces = (): string => host.interfaces ?? '';
	const input = { sources: dataSources, builtin, options, around, terminalWidth: terminalWidth(outputFd), arch: host.arch, interfaces };
	const operators = buildChain({ ...input, users, log });
	// What there is to say about flags was said the first time.
	const chain = (users: readonly UserOperator[]): OperatorPlan[] => buildChain({ ...input, users, log: () => {} });
	const plan: PipelinePlan = {
		...{ dataSources, operators, outputFd, batch: BATCH, swaps: options.watch },
		source: { kind: 'recording', path, realtime: booleanOf(values, 'realtime', help) },
		modules: [builtin, ...users.map((user) => user.loaded)].map(modulePlan),
	};
	return await runToEnd({ plan, options, log, ...(watch && { watch: (pipeline) => watch.start(pipeline, users, chain, log) }) });
}
