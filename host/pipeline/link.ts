/** One operator in its place in the chain: its instance, what init said, and its count of failures. */
import { isDeepStrictEqual } from 'node:util';
import { cloneSources, type Effect } from '../operator/effects.js';
import { type Guest, GuestFailure } from '../operator/guest.js';
import type { Projection } from '../ebpf/batch.js';
import type { MapPlan } from '../ebpf/map-entry.js';
import type { Call } from '../operator/limits.js';
import { planProjections } from '../operator/projection.js';
import { type InitResult, InitSession } from '../operator/session.js';
import type { DataSource } from '../schema.js';
import { LinkAccess } from './access.js';
import type { Control } from './control.js';
import type { Emissions } from './emission.js';
import type { Metrics } from './metrics.js';
import type { OperatorPlan } from './plan.js';
import { encodeEntries, type Tables } from './tables.js';

/** What all links of a chain share. */
export interface LinkShape {
	readonly control: Control;
	/** Bytes of a batch's region. */
	readonly regionSize: number;
	/** Per data source (`schema.ts`). */
	readonly fixedSizes: readonly number[];
	readonly emissions: Emissions;
	readonly metrics: Metrics;
	readonly maps: readonly MapPlan[];
}

/** The calls that may emit. */
const emittingCalls: readonly Call[] = ['start', 'batch', 'tick', 'stop'];

export class Link {
	readonly plan: OperatorPlan;
	/** Index in `PipelinePlan.operators`. */
	readonly id: number;
	/** Data sources (ids) whose batches it gets. */
	readonly sources: ReadonlySet<number>;
	/** Per data source. */
	readonly projections: readonly Projection[];
	readonly init: InitResult;
	/** Undefined while the operator is quarantined. */
	guest: Guest | undefined;
	/** Address of the batch region in the guest's memory. */
	region = 0;
	readonly #before: readonly DataSource[];
	readonly #control: Control;
	readonly #shape: LinkShape;
	readonly #access: LinkAccess;

	/**
	 * Initialises the operator: `sources` is changed by what it adds. With `known` (a restart), the same must come out; a quarantined
	 * operator is not called, but its fields stay. @throws GuestFailure
	 */
	constructor(plan: OperatorPlan, id: number, guest: Guest, sources: DataSource[], shape: LinkShape, known?: InitResult) {
		this.plan = plan;
		this.id = id;
		this.#shape = shape;
		this.#control = shape.control;
		this.#before = cloneSources(sources);
		const refused = (rows: number): void => shape.control.add(id, 'Refused', rows);
		this.#access = new LinkAccess({ ...shape, operator: id, grants: plan.grants ?? [], mostRows: plan.limits.rows, refused });
		if (known !== undefined && this.quarantined) {
			const session = new InitSession(sources, this.plan.limits.metrics);
			for (const effect of known.effects) session.perform(effect);
			this.init = known;
		} else {
			this.guest = guest;
			this.init = this.#initialise(guest, sources, known);
		}
		this.projections = planProjections(this.#before, sources, this.init, shape.fixedSizes);
		this.sources = this.#chosenSources();
		const added = sources.map(({ recordSize }, ds) => [ds, recordSize] as const).slice(this.#before.length);
		this.#access.know(this.init.effects, new Map(added));
	}

	get quarantined(): boolean {
		return this.#control.get(this.id, 'Quarantined') !== 0;
	}

	/** Puts a fresh instance in the place of one that is not to be used again. @throws GuestFailure */
	replace(guest: Guest): void {
		this.guest = guest;
		this.#access.reset();
		this.#initialise(guest, cloneSources(this.#before), this.init);
	}

	/**
	 * Another version of the operator for this place in the chain, initialised. The fields that it leaves behind must be the same: operators
	 * after it have looked them up. @throws GuestFailure
	 */
	renew(plan: OperatorPlan, guest: Guest): Link {
		const sources = cloneSources(this.#before);
		const link = new Link(plan, this.id, guest, sources, this.#shape);
		const same = cloneSources(this.#before);
		const session = new InitSession(same, this.plan.limits.metrics);
		for (const effect of this.init.effects) session.perform(effect);
		if (!isDeepStrictEqual(metricsOf(this.init), metricsOf(link.init))) throw new GuestFailure(`changes its metrics: ${AGAIN}`, true);
		if (!isDeepStrictEqual(sources, same)) throw new GuestFailure(`${fieldChange(same, sources)}: ${AGAIN}`, true);
		return link;
	}

	/** Counts a failure; true when the operator is now out of the run. */
	strike(): boolean {
		const out = this.#control.strike(this.id);
		if (out) this.guest = undefined;
		return out;
	}

	quarantine(): void {
		this.#control.set(this.id, 'Quarantined', 1);
		this.guest = undefined;
	}

	/** Calls into the guest under the supervisor's eyes. @throws GuestFailure */
	call(call: Call, run: (guest: Guest) => void): void {
		const { guest } = this;
		if (guest === undefined) return;
		this.#control.enter(this.id, call);
		this.#access.emitting = emittingCalls.includes(call);
		guest.access = this.#access;
		try {
			run(guest);
		} finally {
			guest.access = undefined;
			this.#control.leave();
			this.#control.set(this.id, 'Memory', guest.memorySize);
		}
	}

	/** Gives the guest the newest state of the tables it asked for. */
	pushTables(tables: Tables): void {
		for (const name of this.plan.tables) this.pushTable(name, tables.get(name));
	}

	pushTable(name: string, entries: ReadonlyMap<number, string | null>): void {
		const number = this.plan.tables.indexOf(name);
		if (number < 0 || entries.size === 0 || !this.#access.allows(`table:${name}`) || this.guest?.has('ig_table') !== true) return;
		this.call('table', (guest) => guest.table(this.plan.index, number, encodeEntries(entries)));
	}

	#initialise(guest: Guest, sources: DataSource[], known: InitResult | undefined): InitResult {
		const session = new InitSession(sources, this.plan.limits.metrics);
		const table = { sources, params: this.plan.params, regionSize: this.#shape.regionSize };
		if (this.plan.fields !== undefined) this.#wantFields(session, sources, this.plan.fields);
		this.call('init', () => guest.init(this.plan.index, table, session));
		const result = session.result();
		if (known !== undefined && JSON.stringify(known.effects) !== JSON.stringify(result.effects)) {
			throw new GuestFailure('did other things in its second ig_init than in its first', true);
		}
		return result;
	}

	/** Ids of what its plan names, as far as it is there. */
	#plannedSources(): number[] {
		const { dataSources, emittedSources = [] } = this.plan;
		return [...dataSources, ...this.#before.flatMap(({ name }, ds) => (emittedSources.includes(name) ? [ds] : []))];
	}

	#chosenSources(): Set<number> {
		const all = this.#plannedSources();
		if (this.plan.choosesSources !== true) return new Set(all);
		const changed = new Set(this.init.effects.flatMap((effect) => ('ds' in effect ? [effect.ds] : [])));
		const chosen = all.filter((ds) => (this.init.wants[ds]?.size ?? 0) > 0 || changed.has(ds));
		return new Set(chosen.length > 0 ? chosen : all);
	}

	#wantFields(session: InitSession, sources: readonly DataSource[], names: readonly string[]): void {
		const found = new Set<string>();
		for (const ds of this.#plannedSources()) {
			const source = sources[ds];
			if (source === undefined) continue;
			session.wantNone(ds);
			for (const field of source.fields) {
				if (!names.includes(field.name)) continue;
				session.want(ds, field.id);
				found.add(field.name);
			}
		}
		const missing = names.find((name) => !found.has(name));
		if (missing !== undefined)
			throw new GuestFailure(`reads the field ${missing} (its manifest says), which no data source here has`, true);
	}
}

const AGAIN = 'end the run and start it again';

function metricsOf(init: InitResult): Effect[] {
	return init.effects.filter((effect) => effect.do === 'metric');
}

/** How the fields that a new version leaves behind differ from the old one's. */
function fieldChange(before: readonly DataSource[], after: readonly DataSource[]): string {
	const names = (sources: readonly DataSource[]): string[] =>
		sources.flatMap(({ name, fields }) => fields.map((field) => `${name}.${field.name}`));
	const [old, now] = [names(before), names(after)];
	const more = now.filter((name) => !old.includes(name));
	const fewer = old.filter((name) => !now.includes(name));
	if (more.length > 0) return `adds ${more.join(', ')}, which the running version does not`;
	if (fewer.length > 0) return `no longer adds ${fewer.join(', ')}`;
	return 'changes its fields (kind, order, tags or annotations)';
}
