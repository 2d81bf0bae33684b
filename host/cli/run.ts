/** `ig run GADGET`. */
import { existsSync } from 'node:fs';
import { arch, release } from 'node:os';
import { sep } from 'node:path';
import { Command } from 'commander';
import { closest } from '../closest.js';
import { interfaceList } from '../ebpf/interfaces.js';
import { IgError } from '../errors.js';
import { type Gadget, isGadget, openGadget, sourceFolder } from '../gadget/gadget.js';
import { inspectGadget, type LoadedGadget, type OpenedGadget } from '../gadget/instance.js';
import { wasmParamValues } from '../gadget/wasm-params.js';
import { patchGadget } from '../gadget/metadata-custom.js';
import { hasKernelStacks } from '../gadget/stack-fields.js';
import { namesOf } from '../operator/capability.js';
import type { LimitsOf } from '../operator/limits.js';
import { modulePlan } from '../operator/module.js';
import { built } from '../root.js';
import { warmUp } from '../pipeline/pipeline.js';
import type { OperatorPlan, Pipeline, PipelinePlan } from '../pipeline/plan.js';
import { annotateSources } from './annotate.js';
import { loadBuiltin, loadOwn } from './builtin.js';
import { buildChain, filtersOf } from './chain.js';
import { parseDuration } from './duration.js';
import { addFlags, type Flag, parseFlags, positionals, quiet, type Values } from './flags.js';
import { defaultValues, emittedFlags, runFlagsOf, staticFlags } from './gadget-flags.js';
import { booleanOf, type CommonOptions, checkForeign, commonOptions, fromFile } from './options.js';
import type { OperatorWatch, UserOperator } from './operator-watch.js';
import { preflight } from './preflight.js';
import { withProjects } from './operator-project.js';
import type { OperatorSpec } from './operator-spec.js';
import { wantsFolded } from './output-mode.js';
import { loadFiltering, planPushdown } from './pushdown.js';
import { type Log, makeLog } from './report.js';
import { buildSymbolizer, symbolizerOf, takesUserStacks, withUserStacks } from './symbolizers.js';
import { BATCH, openOutput, runToEnd, terminalWidth } from './session.js';
import { version } from './version.js';

/** `--watch` must have something to watch: an operator, or a gadget's source. */
export function checkWatch({ watch, wasmOperators, help }: CommonOptions, folder: string | undefined): void {
	if (!watch || wasmOperators.length > 0 || folder !== undefined) return;
	throw new IgError('IG_USAGE', { reason: "--watch needs a --wasm-operator, or a gadget's folder with its source, to watch", help });
}

/** For `--watch`: before the operators are loaded. */
export async function watchFor(options: CommonOptions): Promise<OperatorWatch | undefined> {
	if (!options.watch) return undefined;
	const { OperatorWatch } = await import('./operator-watch.js');
	return new OperatorWatch(options.wasmOperators, options.limits.of);
}

/** Of an installed gadget it is taken as it is, like the built-in operators; of any other it is checked as a stranger's. */
async function loadGadgetOperator(gadget: string, file: string, params: OperatorSpec['params'], limits: LimitsOf): Promise<UserOperator> {
	const spec: OperatorSpec = { file, params, place: 'gadget' };
	if (file.startsWith(built('gadgets') + sep)) return { spec, loaded: await loadOwn(file, gadget) };
	const { loadModule } = await import('../operator/load.js');
	return { spec, loaded: await loadModule(file, limits) };
}

/** The gadget's operator, if it has one, told `params`, and those of `--wasm-operator`. */
export async function loadOperators(
	options: CommonOptions,
	gadget: { readonly name: string; readonly operator: string | undefined },
	params: OperatorSpec['params'],
): Promise<UserOperator[]> {
	const own = gadget.operator === undefined ? [] : [loadGadgetOperator(gadget.name, gadget.operator, params, options.limits.of)];
	if (options.wasmOperators.length === 0) return await Promise.all(own);
	const { loadModule } = await import('../operator/load.js');
	return await Promise.all([
		...own,
		...options.wasmOperators.map(async (spec) => ({ spec, loaded: await loadModule(spec.file, options.limits.of) })),
	]);
}

/** Which argument is the gadget? Flags that only the gadget knows come later, so the values of unknown flags look like gadgets. */
function findReference(args: readonly string[]): string | undefined {
	const candidates = positionals(args, staticFlags);
	return candidates.find(isGadget) ?? candidates[0];
}

function asksForHelp(args: readonly string[]): boolean {
	const end = args.indexOf('--');
	return args.slice(0, end === -1 ? undefined : end).some((arg) => arg === '-h' || arg === '--help');
}

/** Values of the gadget's own flags by the key of their parameter. */
function paramValues(opened: OpenedGadget, values: Values, help: string): Map<string, string> {
	const given = new Map<string, string>();
	for (const param of opened.params) {
		const value = values.get(param.key)?.at(-1);
		if (value !== undefined) given.set(param.key, param.type === 'string' ? fromFile(`--${param.key}`, value, help) : value);
	}
	return given;
}

/** What a run goes on with after its gadget was built again. */
interface Turn {
	/** When the whole ends, ms of `performance.now()`; undefined: not by itself. */
	until: number | undefined;
	/** Output and timeout go on from a turn before this one. */
	again: boolean;
	/** The gadget has a new build: there is another turn. */
	rebuilt: boolean;
}

async function start(gadget: Gadget, opened: OpenedGadget, values: Values, help: string, turn: Turn): Promise<number> {
	const asked = commonOptions(values, help);
	const log = makeLog(asked.verbose);
	const options = await withProjects(asked, log);
	for (const warning of [...gadget.warnings, ...opened.flaws]) log('warn', warning);
	if (opened.dataSources.length === 0 && gadget.operator === undefined && options.wasmOperators.length === 0) {
		log(
			'warn',
			'this gadget has no data source, so it shows nothing; its program needs a GADGET_TRACER, GADGET_MAPITER or GADGET_SNAPSHOTTER',
		);
	}
	checkForeign(values, log);
	booleanOf(values, 'host', help);
	const timeout = parseDuration('--timeout', values.get('timeout')?.at(-1) ?? '0', 's', help);
	if (!turn.again && timeout > 0) turn.until = performance.now() + timeout;
	const timeoutMs = turn.until === undefined ? 0 : Math.max(1, turn.until - performance.now());
	const given = withUserStacks(paramValues(opened, values, help), opened, wantsFolded(options.output, opened.dataSources));
	opened.check(given);
	const operatorParams = wasmParamValues(gadget.metadata, (flag) => values.get(flag)?.at(-1));
	annotateSources(opened.dataSources, options.annotate, help);
	const builtin = loadBuiltin();
	preflight({ tracefs: opened.needsTracefs, mount: booleanOf(values, 'auto-mount-filesystems', help) });
	warmUp();

	checkWatch(options, sourceFolder(gadget.reference));
	const watch = await watchFor(options);
	const users = await loadOperators(options, gadget, operatorParams);
	const outputFd = openOutput(options.outputFile, turn.again ? 'a' : 'w');
	const input = {
		sources: opened.dataSources,
		builtin: await builtin,
		options,
		around: Date.now(),
		arch: arch(),
		interfaces: interfaceList,
		terminalWidth: terminalWidth(outputFd),
	};
	const operators = buildChain({ ...input, users, log });
	// What there is to say about flags was said the first time.
	const chain = (users: readonly UserOperator[]): OperatorPlan[] => buildChain({ ...input, users, log: () => {} });
	const recordPath = values.get('record')?.at(-1);
	const pushdown = await planPushdown({
		...{ opened, filters: filtersOf(opened.dataSources, options), builtin: await builtin, users },
		...{ enabled: !booleanOf(values, 'no-pushdown', help), recording: recordPath !== undefined },
	});
	if (booleanOf(values, 'explain', help)) {
		const { explain } = await import('./explain.js');
		process.stdout.write(explain({ opened, pushdown, operators }));
		return 0;
	}
	const folder = options.watch ? sourceFolder(gadget.reference) : undefined;
	const gadgetWatch = folder === undefined ? undefined : await import('./gadget-watch.js');
	const startWatches = (pipeline: Pipeline): (() => void) => {
		const ends = [watch?.start(pipeline, users, chain, log)];
		const rebuilt = (): void => {
			turn.rebuilt = true;
			pipeline.stop();
		};
		if (folder !== undefined) ends.push(gadgetWatch?.watchGadget(folder, rebuilt, log));
		return () => {
			for (const end of ends) end?.();
		};
	};
	const userStacks = takesUserStacks(opened, given);
	const symbolizer = userStacks ? symbolizerOf(values, help) : undefined;
	const hasStacks = userStacks || opened.dataSources.some(hasKernelStacks);
	if (symbolizer !== undefined) await buildSymbolizer(symbolizer, log);
	const loaded = loadFiltering(opened, () => inspectGadget(gadget), given, pushdown, log, symbolizer);
	try {
		const plan: PipelinePlan = {
			...{ dataSources: opened.dataSources, source: loaded.source, operators, outputFd, batch: BATCH, swaps: options.watch },
			modules: [await builtin, ...users.map((user) => user.loaded)].map(modulePlan),
			maps: grantedMaps(operators, loaded.maps, log),
			// Their texts take room in every batch.
			...(hasStacks && loaded.stacks !== undefined && { stacks: { handle: loaded.stacks, before: beforeTexts(operators) } }),
			...(recordPath !== undefined && { record: { path: recordPath, header: recordHeader(gadget, opened.dataSources) } }),
		};
		return await runToEnd({
			...{ plan, options, log, timeoutMs },
			begin: () => loaded.attach(),
			cease: () => loaded.detach(),
			...(options.watch && { watch: (pipeline) => startWatches(pipeline) }),
			kernel: loaded,
		});
	} finally {
		loaded.close();
	}
}

/** Texts of stacks are for the first operator that makes texts, and all behind it. */
function beforeTexts(operators: readonly OperatorPlan[]): number {
	return operators.findIndex(({ builtin, name }) => builtin && name === 'formatters');
}

/** The maps that some operator was granted. One that the gadget does not have is worth a word: names are easily mistyped in a manifest. */
function grantedMaps(operators: readonly OperatorPlan[], maps: LoadedGadget['maps'], log: Log): LoadedGadget['maps'] {
	const names = new Set<string>();
	for (const { name, builtin, grants = [] } of operators) {
		if (builtin) continue;
		for (const map of namesOf('map', grants).map((one) => one.replace(/:rw$/, ''))) {
			names.add(map);
			if (maps.some((one) => one.name === map)) continue;
			const known = maps.map((one) => one.name);
			log(
				'warn',
				`operator ${name} is granted map:${map}, but the gadget has no such map${closest(map, known)}; it has ${known.join(', ') || 'none'}`,
			);
		}
	}
	return maps.filter(({ name }) => names.has(name));
}

function recordHeader(gadget: Gadget, dataSources: OpenedGadget['dataSources']): Readonly<Record<string, unknown>> {
	const hasPackets = dataSources.some(({ annotations }) => annotations['pcap.payload'] !== undefined);
	const host = { kernel: release(), arch: arch(), ...(hasPackets && { interfaces: interfaceList() }) };
	return { ig: version(), created: new Date().toISOString(), gadget: { name: gadget.name }, host };
}

/** Help without a gadget: what all gadgets have. */
function generalHelp(log: Log): number {
	const general = new Command('ig run').usage('GADGET [flags]').description('Runs a gadget: loads its programs, and shows what they see.');
	try {
		parseFlags(general, ['--help'], staticFlags, 'ig run --help');
	} catch {
		// Printed.
	}
	log('info', 'Give a gadget to see its own flags and fields: ig run GADGET --help');
	return 0;
}

async function gadgetHelp(gadget: Gadget, opened: OpenedGadget, flags: readonly Flag[]): Promise<number> {
	const { fieldsText } = await import('./fields-help.js');
	const shown = quiet(new Command(`ig run ${gadget.reference}`).usage('[flags]').description(gadget.metadata.description));
	addFlags(shown, flags, new Map())
		.helpOption('-h, --help', 'Show this help')
		.addHelpText('after', `\n${await fieldsText(opened)}`);
	shown.outputHelp();
	return 0;
}

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
	const reference = findReference(args);
	if (reference === undefined) {
		if (asksForHelp(args)) return generalHelp(makeLog(false));
		throw new IgError('IG_USAGE', { reason: 'run needs the name of a gadget', help: 'ig run --help' });
	}
	const turn: Turn = { until: undefined, again: false, rebuilt: false };
	for (;;) {
		const code = await runOnce(reference, args, turn);
		if (!turn.rebuilt) return code;
		Object.assign(turn, { again: true, rebuilt: false });
	}
}

/** With the file of --btf. */
function withBtf(gadget: Gadget, given: Values, help: string): Gadget {
	const path = given.get('btf')?.at(-1);
	if (path === undefined) return gadget;
	if (!existsSync(path)) throw new IgError('IG_FLAG_VALUE', { flag: '--btf', value: path, reason: 'is not a file', help });
	return { ...gadget, btf: path };
}

async function runOnce(reference: string, args: readonly string[], turn: Turn): Promise<number> {
	let gadget = await openGadget(reference);
	let opened = inspectGadget(gadget);
	try {
		const known = runFlagsOf(gadget, opened);
		const flags = [...known, ...emittedFlags(args, known)];
		if (asksForHelp(args)) return await gadgetHelp(gadget, opened, flags);
		const help = `ig run ${reference} --help`;
		const { values: given } = parseFlags(new Command('ig run').argument('[GADGET]'), args, flags, help);
		const patched = withBtf(await patchGadget(gadget, (key) => given.get(key)?.at(-1)), given, help);
		if (patched !== gadget) {
			opened.close();
			gadget = patched;
			opened = inspectGadget(gadget);
		}
		return await start(gadget, opened, defaultValues(gadget, flags, given), help, turn);
	} finally {
		opened.close();
	}
}
