/** The pipeline's thread: wait, drain into the home memory, run the chain, write, commit, again. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { hasMore, packRecords, rowBytes } from '../ebpf/batch.js';
import { threadId } from '../ebpf/native.js';
import { IgError } from '../errors.js';
import { GuestFailure } from '../operator/guest.js';
import { prepareDoors } from '../operator/open.js';
import { OutputClosed, OutputError, Sink } from '../output/sink.js';
import type { RecordingWriter } from '../record/writer.js';
import { Chain } from './chain.js';
import { Control } from './control.js';
import { type Guilty, HomeLost, InitFailed, OperatorStop } from './failures.js';
import { Emissions } from './emission.js';
import { Exchange } from './exchange.js';
import type { FromWorker, ToWorker, WorkerData } from './messages.js';
import { Metrics } from './metrics.js';
import { type PipelinePlan, roomFor, type SnapshotRoom } from './plan.js';
import { type BatchSource, type Filled, openBatchSource, RecordingDamaged } from './source.js';
import { Tables } from './tables.js';

const TICK_MS = 1000;
/** Longest sleep when little happens: an event on a quiet system shows within 50 ms. */
const IDLE_MS = 40;
/** Fewer rows cost less than waking up for them: the next ones may wait longer, to come together. */
const ENOUGH_ROWS = 128;
/** Longest time that a failed run spends on counting what it leaves unread. */
const DISCARD_MS = 1000;

class Runner {
	readonly #data: WorkerData;
	/** Changes when a module is swapped. */
	#plan: PipelinePlan;
	readonly #control: Control;
	readonly #tables = new Tables();
	readonly #emissions = new Emissions();
	readonly #metrics: Metrics;
	readonly #sink: Sink;
	readonly #post: (message: FromWorker) => void;
	#chain: Chain;
	#source: BatchSource | undefined;
	#record: RecordingWriter | undefined;
	#sequence = 0;
	#exchange: Exchange | undefined;
	/** That snapshots have, if it is more than they begin with. */
	#room: SnapshotRoom | undefined;

	constructor(data: WorkerData, post: (message: FromWorker) => void) {
		this.#data = data;
		this.#plan = data.plan;
		this.#post = post;
		this.#control = new Control(data.plan.operators.length, data.control);
		this.#control.thread = threadId();
		// What the worker before this one had not run is gone with it.
		this.#control.dropEmitted();
		this.#metrics = new Metrics(
			data.plan.operators.map(({ limits }) => limits.metrics),
			data.metrics,
		);
		this.#sink = new Sink(data.plan.outputFd);
		for (const [name, entries] of data.tables) this.#tables.update(name, entries);
		this.#chain = this.#makeChain();
		post({ type: 'ready', sources: this.#chain.sources, inits: this.#chain.inits() });
	}

	/** Runs until the stop command, the source's end, or a failure (thrown). */
	async run(): Promise<'stopped' | 'finished'> {
		const { plan, restart } = this.#data;
		if (plan.describeOnly === true) return 'finished';
		this.#sequence = this.#control.total('Batches');
		this.#source = await openBatchSource(plan, this.#chain.sources, this.#control, this.#control.total('LostSeen'));
		if (plan.record !== undefined) {
			const { RecordingWriter } = await import('../record/writer.js');
			this.#record = new RecordingWriter(
				plan.record.path,
				restart === undefined ? { ...plan.record.header, dataSources: plan.dataSources } : undefined,
			);
		}
		if (restart?.stopFrom !== undefined) {
			this.#signal('ig_stop', restart.stopFrom);
			this.#record?.end();
			return this.#control.stopping ? 'stopped' : 'finished';
		}
		if (restart?.started !== true) this.#signal('ig_start');
		this.#post({ type: 'started' });
		if (restart !== undefined) this.#again(restart.guilty);
		const reason = this.#loop();
		this.#signal('ig_stop');
		this.#record?.end();
		return reason;
	}

	/** After a failure: counts what is unread as dropped, so that the identity holds. */
	discardRest(): void {
		this.#control.dropEmitted();
		this.#source?.rewind();
		const until = performance.now() + DISCARD_MS;
		try {
			while (performance.now() < until) {
				const filled = this.#source?.fill(this.#chain.region(), this.#sequence);
				if (filled === undefined) break;
				this.#control.addTotal('Drained', filled.rows);
				this.#control.addTotal('Dropped', filled.rows);
				this.#source?.commit();
			}
		} catch {
			// The source itself is what failed: nothing more can be counted.
		}
	}

	#loop(): 'stopped' | 'finished' {
		const source = this.#source as BatchSource;
		const { flushMs } = this.#data.plan.batch;
		let pause = flushMs;
		let nextTick = source.now() + TICK_MS;
		let drained = false;
		for (;;) {
			const stopping = this.#control.stopping;
			if (stopping) source.stop();
			this.#readMail();
			if (!stopping && this.#exchange !== undefined && (drained || this.#exchange.due)) this.#swap(this.#exchange);
			let rows = 0;
			drained = false;
			let now = source.now();
			for (; now < nextTick; now = source.now()) {
				const filled = this.#fill(source);
				if (filled === undefined) {
					drained = true;
					break;
				}
				rows += filled.rows;
				this.#batch(filled, []);
				if (this.#control.mail || this.#exchange?.due === true) break;
				// A storm fills many small batches as fast as they are emptied: let a whole one come together.
				if (!stopping && !source.plenty()) break;
			}
			if (now >= nextTick) {
				this.#chain.setTime(nextTick);
				this.#signal('ig_tick');
				// One for all that were missed.
				nextTick += (1 + Math.floor((now - nextTick) / TICK_MS)) * TICK_MS;
				continue;
			}
			if (source.finished()) return 'finished';
			if (stopping && drained) return 'stopped';
			if (stopping || (this.#exchange !== undefined && drained)) continue;
			pause = rows >= ENOUGH_ROWS ? flushMs : Math.min(pause * 2, IDLE_MS);
			source.wait(source.announced ? nextTick - now : pause);
		}
	}

	/** The next batch. A snapshot that has no room gets it, if that can be. */
	#fill(source: BatchSource): Filled | undefined {
		const filled = source.fill(this.#chain.region(), this.#sequence);
		if (filled?.left === undefined) return filled;
		if (!this.#widen(rowBytes(this.#chain.region()) + filled.left)) return filled;
		source.rewind();
		return source.fill(this.#chain.region(), this.#sequence);
	}

	/** Makes room for a snapshot of so many bytes; false: it has as much as it can get. */
	#widen(bytes: number): boolean {
		const room = roomFor(this.#plan, bytes);
		if (room === undefined || room.maxBytes <= (this.#room?.maxBytes ?? 0) || !this.#chain.widen(room)) return false;
		this.#room = room;
		this.#source?.widen(room);
		return true;
	}

	/** The batch that was in flight when the worker before this one was terminated. */
	#again(guilty: readonly Guilty[]): void {
		const { inFlight } = this.#control;
		this.#source?.rewind();
		if (inFlight.rows === 0) {
			for (const one of guilty) this.#chain.accuse(one);
			return;
		}
		const { dataSource, rows } = inFlight;
		const again = (): Filled | undefined => this.#source?.fill(this.#chain.region(), this.#sequence, { dataSource, rows });
		let filled = again();
		// The worker before this one had made room for it.
		if (filled !== undefined && filled.rows < rows && this.#widen(Number.MAX_SAFE_INTEGER)) {
			this.#source?.rewind();
			filled = again();
		}
		if (filled !== undefined) this.#batch(filled, guilty);
	}

	#batch(filled: Filled, guilty: readonly Guilty[]): void {
		const source = this.#source as BatchSource;
		const control = this.#control;
		const isArray = this.#chain.sources[filled.ds]?.type === 'array';
		control.setInFlight(filled.ds, filled.rows);
		this.#chain.setClocks(filled);
		let accused = guilty;
		for (;;) {
			try {
				const result = this.#chain.run(filled.ds, filled.rows, isArray, this.#sequence, accused);
				this.#keep(filled);
				source.commit();
				control.addTotal('Drained', filled.rows);
				control.addTotal('Delivered', result.delivered);
				control.addTotal('Filtered', result.filtered);
				control.addTotal('Dropped', result.dropped);
				control.addTotal('Batches', 1);
				control.addTotal('LostSeen', filled.lost);
				control.setInFlight(0, 0);
				this.#sequence++;
				this.#flush();
				return;
			} catch (cause) {
				if (!(cause instanceof HomeLost)) {
					// A run that an operator stops keeps the batch that made it do so.
					if (cause instanceof OperatorStop) this.#keep(filled);
					throw cause;
				}
				accused = [...accused, cause.guilty];
				this.#chain = this.#makeChain(this.#chain.inits());
				source.rewind();
				const same = { dataSource: filled.ds, rows: filled.rows };
				if (source.fill(this.#chain.region(), this.#sequence, same) === undefined) throw new Error('the batch in flight is gone');
			}
		}
	}

	#keep(filled: Filled): void {
		if (this.#record === undefined) return;
		this.#record.batch({
			ds: filled.ds,
			rows: filled.rows,
			lost: filled.lost,
			boot: filled.boot,
			mono: filled.mono,
			at: BigInt(Date.now()) * 1_000_000n,
			...(hasMore(this.#chain.region()) && { more: true }),
			records: packRecords(this.#chain.region()),
		});
	}

	#signal(name: 'ig_start' | 'ig_tick' | 'ig_stop', from = 0): void {
		this.#recover(() => this.#chain.signal(name, from));
	}

	/** Runs what operators emitted in the batch that was committed. */
	#flush(): void {
		this.#recover(() => this.#chain.flush());
	}

	/** A built-in operator that failed took the home memory with it. What was emitted and not yet begun goes on in a new one. */
	#recover(run: () => void): void {
		for (let next = run; ; next = () => this.#chain.flush()) {
			try {
				next();
				return;
			} catch (cause) {
				if (!(cause instanceof HomeLost)) throw cause;
				this.#control.strike(cause.guilty.operator);
				this.#chain = this.#makeChain(this.#chain.inits());
			}
		}
	}

	#makeChain(known = this.#data.restart?.inits): Chain {
		const chain = new Chain({
			plan: this.#plan,
			control: this.#control,
			sink: this.#sink,
			tables: this.#tables,
			emissions: this.#emissions,
			metrics: this.#metrics,
			log: (level, text) => this.#post({ type: 'log', level, text }),
			struck: (operator, reason) => this.#post({ type: 'strike', operator, reason }),
			...(known && { known }),
		});
		if (this.#room !== undefined) chain.widen(this.#room);
		return chain;
	}

	#readMail(): void {
		if (parentPort === null || !this.#control.takeMail()) return;
		for (;;) {
			const received = receiveMessageOnPort(parentPort) as { message: ToWorker } | undefined;
			if (received === undefined) return;
			const { message } = received;
			if (message.type === 'swap') this.#exchange = new Exchange(message);
			else {
				this.#tables.update(message.name, message.entries);
				this.#chain.updateTable(message.name, message.entries);
			}
		}
	}

	#swap(exchange: Exchange): void {
		try {
			if (!exchange.step(this.#chain, this.#control)) return;
		} catch (cause) {
			if (!(cause instanceof GuestFailure)) throw cause;
			this.#exchange = undefined;
			this.#post({ type: 'kept', reason: cause.message });
			return;
		}
		this.#exchange = undefined;
		const { module, next, operators } = exchange.message;
		this.#plan = { ...this.#plan, modules: this.#plan.modules.with(module, next), operators };
		this.#flush();
		this.#post({ type: 'swapped', milliseconds: exchange.longest, inits: this.#chain.inits() });
	}
}

function describe(cause: unknown): Omit<FromWorker & { type: 'failed' }, 'type'> {
	const reason = cause instanceof Error ? cause.message : String(cause);
	const none = { operator: '', offset: 0, reason };
	if (cause instanceof InitFailed) return { ...none, code: 'init', operator: cause.operator };
	if (cause instanceof OperatorStop) return { ...none, code: 'stop', operator: cause.operator };
	if (cause instanceof OutputError) return { ...none, code: 'output', reason: cause.code };
	if (cause instanceof RecordingDamaged) return { ...none, code: 'recording', offset: cause.offset };
	return { ...none, code: 'internal', reason: cause instanceof Error ? (cause.stack ?? reason) : reason };
}

/** Sent when there is a pipeline: the thread starts before (`pipeline.ts`). Blocks, so that no later message is taken for it or lost. */
function receiveData(): WorkerData {
	Atomics.wait(workerData as Int32Array, 0, 0);
	const received = parentPort === null ? undefined : (receiveMessageOnPort(parentPort) as { message: WorkerData } | undefined);
	if (received === undefined) throw new Error('no pipeline was sent');
	return received.message;
}

const post = (message: FromWorker): void => parentPort?.postMessage(message);
let runner: Runner | undefined;
try {
	const data = receiveData();
	await prepareDoors(data.plan.modules, data.plan.swaps);
	runner = new Runner(data, post);
	post({ type: 'end', reason: await runner.run() });
} catch (cause) {
	runner?.discardRest();
	if (cause instanceof OutputClosed) post({ type: 'end', reason: 'output-closed' });
	else if (cause instanceof IgError) post({ type: 'known', error: { code: cause.code, details: cause.details } });
	else post({ type: 'failed', ...describe(cause) });
}
