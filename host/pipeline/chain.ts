/**
 * The operators of a run, in order, over one batch at a time. The batch lives in the home memory: that of the built-in
 * module, whose operators work on it in place. Any other operator gets a projection of it in its own memory, and only
 * its selection and its own columns come back (docs/architecture.md, "Home and away").
 */
import { type BatchSpec, markPart } from '../ebpf/batch.js';
import { cloneSources } from '../operator/effects.js';
import { GuestFailure } from '../operator/guest.js';
import type { LogLevel } from '../operator/imports.js';
import { LineLimit } from '../operator/lines.js';
import type { ModulePlan } from '../operator/module.js';
import { openGuest, warmDoor } from '../operator/open.js';
import type { Call } from '../operator/limits.js';
import type { InitResult } from '../operator/session.js';
import type { Sink } from '../output/sink.js';
import { type DataSource, fixedSize } from '../schema.js';
import { type Control, STRIKES } from './control.js';
import type { Emission, Emissions } from './emission.js';
import { type Guilty, HomeLost, InitFailed, OperatorStop } from './failures.js';
import { handOver } from './hand-over.js';
import { type Clocks, Home } from './home.js';
import { Link } from './link.js';
import type { Metrics } from './metrics.js';
import { type Opened, Opener } from './opener.js';
import { Passage } from './passage.js';
import { type OperatorPlan, type PipelinePlan, regionFor, regionLimits, type SnapshotRoom } from './plan.js';
import { makeSpecs } from './source.js';
import { StackFiller } from './stacks.js';
import type { TableEntries, Tables } from './tables.js';

/** Lines per second of the built-in operators. */
const HOME_LINES = 50;

/** What became of the rows of one batch. */
export interface BatchResult {
	delivered: number;
	filtered: number;
	dropped: number;
}

export interface ChainOptions {
	readonly plan: PipelinePlan;
	readonly control: Control;
	readonly sink: Sink;
	readonly tables: Tables;
	readonly emissions: Emissions;
	readonly metrics: Metrics;
	readonly log: (level: LogLevel, text: string) => void;
	/** An operator failed: what it did. */
	readonly struck: (operator: number, reason: string) => void;
	/** From the chain before this one, after a restart. */
	readonly known?: readonly InitResult[];
}

export class Chain {
	/** The data sources with all that the operators added. */
	readonly sources: readonly DataSource[];
	links: readonly Link[];
	#options: ChainOptions;
	readonly #home: Home;
	readonly #passage: Passage;
	readonly #opener: Opener;
	readonly #specs: readonly BatchSpec[];
	readonly #stacks: StackFiller | undefined;
	#sequence = 0;
	/** Changes of side tables that another version of a module, which is being made ready, has not got yet. */
	#laterEntries: (readonly [table: string, entries: TableEntries])[] | undefined;

	/** Instantiates and initialises every operator. @throws InitFailed */
	constructor(options: ChainOptions) {
		this.#options = options;
		const { plan, control, known, emissions, metrics } = options;
		const limits = regionLimits(plan);
		this.#opener = new Opener(control, options.log, limits.bytes);
		const [home] = plan.modules;
		if (home === undefined) throw new Error('no home module');
		const lines = new LineLimit((level, text) => options.log(level, `${home.file}: ${text}`), HOME_LINES);
		this.#home = new Home(openGuest(home, lines), limits.bytes);
		this.#passage = new Passage(this.#home, options.sink, limits);
		const atHome = { guest: this.#home.guest, region: this.#home.current };
		const guests = new Map<number, Opened>([[0, atHome]]);
		const sources = cloneSources(plan.dataSources);
		const links: Link[] = [];
		const shape = {
			...{ control, emissions, metrics, maps: plan.maps ?? [], regionSize: limits.bytes },
			fixedSizes: plan.dataSources.map(fixedSize),
		};
		plan.operators.forEach((operator, id) => {
			const init = known?.[id];
			const before = cloneSources(sources);
			try {
				const out = init !== undefined && control.get(id, 'Quarantined') !== 0;
				// What is out of the run is not even instantiated: that may be what it is out for.
				let own = out ? atHome : guests.get(operator.module);
				if (own === undefined) {
					own = this.#opener.open(plan.modules[operator.module] as ModulePlan, operator, id);
					guests.set(operator.module, own);
				}
				const link = new Link(operator, id, own.guest, sources, shape, init);
				link.region = own.region;
				links.push(link);
			} catch (cause) {
				if (!(cause instanceof GuestFailure)) throw cause;
				if (init === undefined || operator.builtin || operator.onError === 'stop') throw new InitFailed(operator.name, cause.message);
				// The run goes on without it, and with the fields that it had added.
				this.#quarantine(operator.name, id, `${cause.message} when it was started again`);
				if (cause.fatal) guests.delete(operator.module);
				sources.splice(0, sources.length, ...before);
				links.push(new Link(operator, id, this.#home.guest, sources, shape, init));
			}
		});
		this.links = links;
		this.sources = sources;
		this.#specs = makeSpecs(plan, sources);
		this.#stacks = plan.stacks && new StackFiller({ ...plan, stacks: plan.stacks }, options.log);
		this.#stacks?.plan(links);
		if (sources.length > plan.dataSources.length) this.#home.addSecond(limits.bytes);
		for (const link of links) this.#guarded(link, 'table', () => link.pushTables(options.tables));
	}

	/** The region that a source fills. */
	region(): Uint8Array {
		return this.#home.main();
	}

	/** Makes room for a snapshot in the region, which is another one from here on; false: there is none, and all is as before. */
	widen(room: SnapshotRoom): boolean {
		try {
			this.#home.widen(regionFor(room));
			return true;
		} catch (cause) {
			if (!(cause instanceof GuestFailure)) throw cause;
			return false;
		}
	}

	/** What every operator's init did, for the chain that may replace this one. */
	inits(): InitResult[] {
		return this.links.map((link) => link.init);
	}

	updateTable(name: string, entries: TableEntries): void {
		this.#laterEntries?.push([name, entries]);
		for (const link of this.links) this.#guarded(link, 'table', () => link.pushTable(name, entries));
	}

	/**
	 * Calls the optional ig_start, ig_tick or ig_stop of every operator (`from` one on), each with a batch without rows of its first data source. What one
	 * emits reaches those behind it before their own call. The region must hold no batch. @throws as {@link run}
	 */
	signal(name: 'ig_start' | 'ig_tick' | 'ig_stop', from = 0): void {
		const call: Call = name === 'ig_start' ? 'start' : name === 'ig_tick' ? 'tick' : 'stop';
		for (const link of this.links) {
			if (link.id < from) continue;
			this.#guarded(link, call, () => {
				this.#signal(link, call);
				this.#passage.output(link);
			});
			this.flush();
		}
	}

	#signal(link: Link, call: 'start' | 'tick' | 'stop'): void {
		const { emissions } = this.#options;
		const ds = Math.min(...link.sources);
		if (link.guest?.has(`ig_${call}`) !== true || ds === Number.POSITIVE_INFINITY) return;
		this.#layOut(ds, new Uint8Array(0));
		emissions.begin();
		this.#passage.signal(link, call, ds);
		emissions.keep();
	}

	/**
	 * Takes what operators emitted in the batch or the call that is done now, and runs it through the operators behind them; when it
	 * throws, what is left is run by the next call, on a new chain perhaps. @throws as {@link run}
	 */
	flush(): void {
		const { control, emissions } = this.#options;
		for (;;) {
			control.addTotal('Emitted', emissions.commit());
			const emission = emissions.next();
			if (emission === undefined) return;
			control.add(emission.operator, 'Emitted', emission.rows);
			this.#runEmission(emission);
		}
	}

	#runEmission({ operator, ds, records, rows }: Emission): void {
		const { control } = this.#options;
		const isArray = this.sources[ds]?.type === 'array';
		let left = rows;
		try {
			this.#home.inSecond(() => {
				for (let at = 0; at < records.length; ) {
					const filled = this.#layOut(ds, records.subarray(at));
					const continued = isArray && at > 0;
					at += filled.consumed;
					markPart(this.#home.here(), { continued, more: isArray && at < records.length });
					const behind = this.links.slice(operator + 1);
					const result = this.#runThrough(behind, ds, filled.rows, isArray, []);
					left -= filled.rows;
					control.addTotal('EmittedDelivered', result.delivered);
					control.addTotal('EmittedFiltered', result.filtered);
					control.addTotal('EmittedDropped', result.dropped);
				}
			});
		} catch (cause) {
			control.addTotal('EmittedDropped', left);
			throw cause;
		}
	}

	#layOut(ds: number, records: Uint8Array): { readonly rows: number; readonly consumed: number } {
		return this.#home.layOut(records, this.#specs[ds] as BatchSpec, this.#sequence);
	}

	setClocks(clocks: Clocks): void {
		this.#home.setClocks(clocks);
	}

	setTime(ms: number): void {
		this.#home.setTime(ms);
	}

	/**
	 * Puts another version of a module in the place of the one that runs; `operators` is the whole chain with it. Each step of the result is a
	 * part of the work, and batches may be run between two of them; the last one changes over. At every step the region must hold no batch.
	 * An operator that hands its state over goes on; any other is stopped, and the new one started. @throws GuestFailure why the old one stays
	 */
	*swap(module: number, next: ModulePlan, operators: readonly OperatorPlan[]): Generator<void, void> {
		const { control, tables, log } = this.#options;
		const old = this.links.filter((link) => link.plan.module === module);
		const { id } = old[0] as Link;
		warmDoor(next);
		yield;
		const guest = this.#opener.make(next, operators[id] as OperatorPlan, id);
		yield;
		const region = this.#opener.room(guest, id);
		const fresh: Link[] = [];
		for (const before of old) {
			yield;
			const link = before.renew(operators[before.id] as OperatorPlan, guest);
			link.region = region;
			fresh.push(link);
		}
		yield;
		this.#laterEntries = [];
		for (const link of fresh) link.pushTables(tables);
		yield;
		const later = this.#laterEntries;
		this.#laterEntries = undefined;
		for (const [name, entries] of later) for (const link of fresh) link.pushTable(name, entries);
		const pairs = fresh.map((link, i) => ({ link, before: old[i] as Link })).filter((pair) => !handOver(pair.before, pair.link, log));
		for (const { link } of pairs) this.#signal(link, 'start');
		// From here on nothing can fail for the new ones: the old ones may say their last words.
		for (const { link, before } of pairs) {
			this.#lastWords(before);
			this.#passage.output(link);
		}
		for (const link of fresh) control.forgive(link.id);
		this.links = this.links.map((link) => fresh.find(({ id }) => id === link.id) ?? link);
		this.#stacks?.plan(this.links);
		const { plan } = this.#options;
		this.#options = { ...this.#options, plan: { ...plan, modules: plan.modules.with(module, next), operators } };
	}

	#lastWords(link: Link): void {
		try {
			this.#signal(link, 'stop');
			this.#passage.output(link);
		} catch (cause) {
			if (!(cause instanceof GuestFailure)) throw cause;
			this.#options.log('warn', `operator ${link.plan.name} ${cause.message} when it made place for another version`);
		}
	}

	/**
	 * Runs the batch in the region through the operators of its data source.
	 * @throws OutputClosed, OutputError, HomeLost, OperatorStop
	 */
	run(ds: number, rows: number, isArray: boolean, sequence: number, guilty: readonly Guilty[]): BatchResult {
		this.#sequence = sequence;
		this.#options.emissions.beginBatch();
		return this.#runThrough(this.links, ds, rows, isArray, guilty);
	}

	#runThrough(links: readonly Link[], ds: number, rows: number, isArray: boolean, guilty: readonly Guilty[]): BatchResult {
		const { control, emissions } = this.#options;
		const result: BatchResult = { delivered: 0, filtered: 0, dropped: 0 };
		let selected = rows;
		for (const link of links) {
			if (!link.sources.has(ds)) continue;
			if (selected === 0 && !isArray) break;
			if (selected > 0) this.#stacks?.fill(link.id, ds, this.#home.here());
			let reason = guilty.find(({ operator }) => operator === link.id)?.reason;
			let spoiled = false;
			let left: number | undefined;
			const began = performance.now();
			if (reason === undefined && link.guest !== undefined) {
				try {
					emissions.begin();
					left = this.#passage.batch(link, ds, rows, selected);
					emissions.keep();
				} catch (cause) {
					if (!(cause instanceof GuestFailure)) throw cause;
					if (link.plan.builtin) throw new HomeLost({ operator: link.id, reason: cause.message });
					reason = cause.message;
					spoiled = cause.fatal;
				}
			}
			if (left === undefined) {
				const drops = this.#consequence(link, reason, this.#sequence, selected);
				if (spoiled && link.guest !== undefined) this.#respawn(link);
				if (!drops) continue;
				result.dropped += selected;
				return result;
			}
			control.add(link.id, 'Milliseconds', performance.now() - began);
			control.add(link.id, 'Batches', 1);
			control.add(link.id, 'RowsIn', selected);
			control.add(link.id, 'RowsOut', left);
			if (link.plan.kind !== 'format') {
				result.filtered += selected - left;
				selected = left;
			}
		}
		result.delivered = selected;
		return result;
	}

	/** Counts a failure that cost emitted rows: the worker that ran them is gone. @throws OperatorStop */
	accuse({ operator, reason }: Guilty): void {
		const link = this.links[operator];
		if (link === undefined) return;
		if (link.plan.onError === 'stop') throw new OperatorStop(link.plan.name, reason);
		const out = this.#strike(link, reason);
		const fate = 'emitted rows that were on their way are dropped';
		this.#options.log('warn', `operator ${link.plan.name} ${reason}; ${fate}${out ? '; it is out of this run' : ''}`);
	}

	/** Says what a failure means for the batch; true when its rows are dropped. */
	#consequence(link: Link, reason: string | undefined, sequence: number, rows: number): boolean {
		const { name, onError, kind } = link.plan;
		const drops = onError === 'drop' || kind === 'format';
		if (reason !== undefined) {
			const out = this.#strike(link, reason);
			const strikes = this.#options.control.get(link.id, 'Strikes');
			const fate = drops ? 'are dropped' : 'go on without it';
			const then = out ? `; that was the ${STRIKES}rd time, it is out of this run` : ` (${strikes} of ${STRIKES})`;
			if (onError === 'stop') throw new OperatorStop(name, reason);
			this.#options.log('warn', `operator ${name} ${reason}; the ${rows} rows of batch ${sequence} ${fate}${then}`);
		}
		if (drops) this.#options.control.add(link.id, 'Dropped', rows);
		return drops;
	}

	/** Runs a call that has no batch; a failure costs a strike and, if need be, the instance. */
	#guarded(link: Link, call: Call, run: () => void): void {
		try {
			run();
		} catch (cause) {
			if (!(cause instanceof GuestFailure)) throw cause;
			if (link.plan.builtin) throw new HomeLost({ operator: link.id, reason: cause.message });
			const out = this.#strike(link, cause.message);
			if (out && link.plan.onError === 'stop') throw new OperatorStop(link.plan.name, cause.message);
			this.#options.log('warn', `operator ${link.plan.name} ${cause.message}${out ? '; it is out of this run' : ''}`);
			if (cause.fatal && !out && call !== 'stop') this.#respawn(link);
		}
	}

	#respawn(link: Link): void {
		try {
			const module = this.#options.plan.modules[link.plan.module] as ModulePlan;
			const { guest, region } = this.#opener.open(module, link.plan, link.id);
			for (const other of this.links) {
				if (other.plan.module !== link.plan.module || other.quarantined) continue;
				other.replace(guest);
				other.pushTables(this.#options.tables);
			}
			for (const other of this.links) if (other.plan.module === link.plan.module) other.region = region;
		} catch (cause) {
			if (!(cause instanceof GuestFailure)) throw cause;
			link.quarantine();
			this.#quarantine(link.plan.name, link.id, `${cause.message} when it was started again`);
			if (link.plan.onError === 'stop') throw new OperatorStop(link.plan.name, cause.message);
		}
	}

	#quarantine(name: string, id: number, reason: string): void {
		this.#options.control.set(id, 'Quarantined', 1);
		this.#options.struck(id, reason);
		this.#options.log('warn', `operator ${name} ${reason}; it is out of this run`);
	}

	/** Counts a failure; true when the operator is now out of the run. */
	#strike(link: Link, reason: string): boolean {
		this.#options.struck(link.id, reason);
		return link.strike();
	}
}
