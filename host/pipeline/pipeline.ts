/** A pipeline seen from the main thread: starts the worker, watches it, replaces it when an operator overruns its deadline. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { IgError } from '../errors.js';
import type { InitResult } from '../operator/session.js';
import { attachSource } from '../ebpf/source.js';
import { type Call, PAGE } from '../operator/limits.js';
import type { DataSource } from '../schema.js';
import type { Guilty } from './failures.js';
import { Control } from './control.js';
import type { FromWorker, ToWorker, WorkerData } from './messages.js';
import type { ModulePlan } from '../operator/module.js';
import { Metrics } from './metrics.js';
import type {
	OperatorPlan,
	OperatorStats,
	Pipeline,
	PipelineEnd,
	PipelineEvents,
	PipelinePlan,
	PipelineStats,
	SwapResult,
} from './plan.js';
import { Tables } from './tables.js';
import { Watchdog } from './watchdog.js';

/** Under a TypeScript runner (vitest) the worker is the built one: threads get no transform. */
const here = fileURLToPath(import.meta.url);
const workerFile = here.endsWith('.ts')
	? new URL('../../dist/host/pipeline/worker.js', import.meta.url)
	: new URL('./worker.js', import.meta.url);

/** A worker that loads its code, and then waits until the word `go` is set and its data are in its port. */
interface Spare {
	readonly worker: Worker;
	readonly go: Int32Array<SharedArrayBuffer>;
}

let spare: Spare | undefined;

function makeWorker(): Spare {
	const go = new Int32Array(new SharedArrayBuffer(4));
	// No stdio of its own: with it, the parent would wait for the worker's streams.
	const worker = new Worker(workerFile, { workerData: go, stdin: false, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } });
	return { worker, go };
}

/** Starts the worker of a pipeline that is to come, so that its code loads while programs do. It does not keep the process alive. */
export function warmUp(): void {
	if (spare !== undefined) return;
	spare = makeWorker();
	spare.worker.unref();
}

export function startPipeline(plan: PipelinePlan, events: PipelineEvents = {}): Pipeline {
	return new Supervisor(plan, events);
}

/** JavaScript's part of the worker's memory, which WebAssembly's tables and references are in, too. */
const MAX_HEAP_MIB = 512;

/** A module that is to take another's place, on its way to the worker. */
interface PendingSwap {
	readonly message: ToWorker & { type: 'swap' };
	readonly plan: PipelinePlan;
	/** What its operators' inits do. */
	readonly inits: readonly InitResult[];
	settle(result: SwapResult): void;
}

class Supervisor implements Pipeline {
	readonly ready: Promise<readonly DataSource[]>;
	readonly ended: Promise<PipelineEnd>;
	/** Changes when a module is swapped. */
	#plan: PipelinePlan;
	readonly #events: PipelineEvents;
	readonly #control: Control;
	readonly #metrics: Metrics;
	readonly #tables = new Tables();
	#timer: NodeJS.Timeout | undefined;
	#worker: Worker;
	readonly #watchdog: Watchdog;
	/** Of each operator's last failure. */
	readonly #reasons = new Map<number, string>();
	#inits: readonly InitResult[] | undefined;
	#started = false;
	#swap: PendingSwap | undefined;
	#swaps: Promise<unknown> = Promise.resolve();
	#over = false;
	#replacing = false;
	#settleReady: { resolve: (sources: readonly DataSource[]) => void; reject: (error: Error) => void } | undefined;
	#settleEnded: (end: PipelineEnd) => void = () => {};

	constructor(plan: PipelinePlan, events: PipelineEvents) {
		this.#plan = plan;
		this.#events = events;
		this.#control = new Control(plan.operators.length);
		this.#metrics = new Metrics(plan.operators.map(({ limits }) => limits.metrics));
		this.ready = new Promise((resolve, reject) => {
			this.#settleReady = { resolve, reject };
		});
		// A caller that only waits for the end must not die of an unhandled rejection.
		this.ready.catch(() => {});
		this.ended = new Promise((resolve) => {
			this.#settleEnded = resolve;
		});
		this.#worker = this.#spawn();
		const shortest = Math.min(...plan.operators.flatMap(({ limits }) => Object.values(limits.ms)));
		const everyMs = Math.max(5, Math.min(50, shortest / 4));
		this.#watchdog = new Watchdog(this.#control, (operator, call) => this.#plan.operators[operator]?.limits.ms[call] ?? Infinity, everyMs);
		// A call that begins now is not suspicious before half of its limit.
		this.#watchEvery(everyMs, Math.max(everyMs, Math.min(500, shortest / 2)));
	}

	stop(): void {
		this.#control.requestStop();
		this.#wake();
	}

	setLost(total: number): void {
		this.#control.setTotal('Lost', total);
	}

	setFilteredByKernel(total: number): void {
		this.#control.setTotal('ByKernel', total);
	}

	updateTable(name: string, entries: ReadonlyMap<number, string | null>): void {
		this.#tables.update(name, entries);
		if (this.#over) return;
		this.#mail({ type: 'table', name, entries });
	}

	swap(module: number, next: ModulePlan, operators: readonly OperatorPlan[]): Promise<SwapResult> {
		const result = this.#swaps.then(() => this.#exchange(module, next, operators));
		this.#swaps = result;
		return result;
	}

	async #exchange(module: number, next: ModulePlan, operators: readonly OperatorPlan[]): Promise<SwapResult> {
		const plan: PipelinePlan = { ...this.#plan, modules: this.#plan.modules.with(module, next), operators };
		// A rehearsal in another thread: an endless loop or a trap in its start costs the run nothing.
		const { record: _, ...rest } = plan;
		const lines: Parameters<NonNullable<PipelineEvents['onLog']>>[] = [];
		const rehearsal = new Supervisor({ ...rest, describeOnly: true }, { onLog: (...line) => lines.push(line) });
		try {
			await rehearsal.ready;
		} catch (error) {
			for (const line of lines) this.#events.onLog?.(...line);
			const { reason } = error instanceof IgError ? error.details : {};
			return { reason: String(reason ?? (error as Error).message) };
		}
		// Its thread is gone before the worker has to share a CPU with its end.
		await rehearsal.ended;
		const inits = rehearsal.#inits ?? [];
		if (this.#over) return { reason: 'came after the end of the run' };
		return await new Promise((settle) => {
			const message = { type: 'swap', module, next, operators } as const;
			this.#swap = { message, plan, inits, settle };
			this.#mail(message);
		});
	}

	#mail(message: ToWorker): void {
		this.#worker.postMessage(message);
		this.#control.announceMail();
		this.#wake();
	}

	#settleSwap(result: SwapResult, inits?: readonly InitResult[]): void {
		const swap = this.#swap;
		this.#swap = undefined;
		if (inits !== undefined && swap !== undefined) {
			this.#plan = swap.plan;
			this.#inits = inits;
		}
		swap?.settle(result);
	}

	stats(): PipelineStats {
		const total = (key: Parameters<Control['total']>[0]): number => this.#control.total(key);
		const operators = this.#plan.operators.map(
			({ name, module }, id): OperatorStats => ({
				name,
				batches: this.#control.get(id, 'Batches'),
				rowsIn: this.#control.get(id, 'RowsIn'),
				rowsOut: this.#control.get(id, 'RowsOut'),
				nanoseconds: this.#control.get(id, 'Milliseconds') * 1e6,
				memoryBytes: this.#control.get(id, 'Memory'),
				errors: this.#control.get(id, 'Errors'),
				dropped: this.#control.get(id, 'Dropped'),
				emitted: this.#control.get(id, 'Emitted'),
				state: this.#control.get(id, 'Quarantined') !== 0 ? 'quarantined' : 'running',
				...(this.#reasons.has(id) && { reason: this.#reasons.get(id) ?? '' }),
				limitsHit: {
					time: this.#control.get(id, 'Late'),
					log: this.#control.get(id, 'Held'),
					rows: this.#control.get(id, 'Refused'),
					memory: this.#control.get(id, 'Memory') + PAGE > (this.#plan.modules[module]?.maxMemory ?? Infinity),
				},
			}),
		);
		return {
			submitted: total('Drained') + total('Lost') + total('ByKernel'),
			delivered: total('Delivered'),
			filtered: total('Filtered') + total('ByKernel'),
			filteredByKernel: total('ByKernel'),
			lost: total('Lost'),
			dropped: total('Dropped'),
			emitted: {
				emitted: total('Emitted'),
				delivered: total('EmittedDelivered'),
				filtered: total('EmittedFiltered'),
				dropped: total('EmittedDropped'),
			},
			operators,
			metrics: this.#plan.operators.flatMap(({ name }, id) => this.#metrics.of(id, name, this.#inits?.[id])),
		};
	}

	/** `stopFrom`: ig_stop has been called for the operators before this one, and nothing else is left to do. */
	#spawn(guilty?: readonly Guilty[], stopFrom?: number): Worker {
		const data: WorkerData = {
			plan: this.#plan,
			control: this.#control.buffer,
			metrics: this.#metrics.buffer,
			tables: this.#tables.names().map((name) => [name, this.#tables.get(name)] as const),
			...(this.#inits && guilty && { restart: { inits: this.#inits, guilty, started: this.#started, stopFrom } }),
		};
		const { worker, go } = spare ?? makeWorker();
		spare = undefined;
		worker.ref();
		worker.postMessage(data);
		Atomics.store(go, 0, 1);
		Atomics.notify(go, 0);
		worker.on('message', (message: FromWorker) => this.#hear(message));
		worker.on('error', (error) => {
			const running = this.#control.running();
			if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY' && running !== undefined && !this.#replacing) {
				void this.#cutOff(running.operator, running.call, `filled the host's memory in ig_${running.call}`);
			} else this.#end({ reason: 'failed', error: new IgError('IG_PIPELINE', { reason: error.message }, { cause: error }) });
		});
		worker.on('exit', () => {
			if (worker === this.#worker && !this.#replacing) {
				this.#end({ reason: 'failed', error: new IgError('IG_PIPELINE', { reason: 'its thread ended' }) });
			}
		});
		return worker;
	}

	#hear(message: FromWorker): void {
		switch (message.type) {
			case 'ready':
				this.#inits ??= message.inits;
				if (this.#settleReady !== undefined) {
					this.#events.onReady?.(message.sources, message.inits);
					this.#settleReady.resolve(message.sources);
					this.#settleReady = undefined;
				}
				return;
			case 'started':
				this.#started = true;
				return;
			case 'swapped':
				this.#settleSwap({ milliseconds: message.milliseconds }, message.inits);
				return;
			case 'kept':
				this.#settleSwap({ reason: message.reason });
				return;
			case 'strike':
				this.#reasons.set(message.operator, message.reason);
				return;
			case 'log':
				this.#events.onLog?.(message.level, message.text);
				return;
			case 'end':
				this.#end({ reason: message.reason });
				return;
			case 'known':
				this.#end({ reason: 'failed', error: new IgError(message.error.code, message.error.details) });
				return;
			case 'failed':
				this.#end({ reason: 'failed', error: this.#error(message) });
				return;
		}
	}

	#error(message: FromWorker & { type: 'failed' }): IgError {
		const { operator: name, reason } = message;
		switch (message.code) {
			case 'init':
				return new IgError('IG_OPERATOR_INIT', { name, reason });
			case 'stop':
				return new IgError('IG_OPERATOR_FAILED', { name, reason });
			case 'output':
				return new IgError('IG_OUTPUT', { path: 'standard output', reason });
			case 'recording': {
				const path = this.#plan.source.kind === 'recording' ? this.#plan.source.path : '';
				return new IgError('IG_RECORDING_DAMAGED', { path, offset: message.offset, reason, batches: this.#control.total('Batches') });
			}
			default:
				return new IgError('IG_PIPELINE', { reason });
		}
	}

	#end(end: PipelineEnd): void {
		if (this.#over) return;
		this.#over = true;
		clearTimeout(this.#timer);
		this.#settleSwap({ reason: 'came after the end of the run' });
		if (this.#settleReady !== undefined) {
			this.#settleReady.reject(
				end.reason === 'failed' ? end.error : new IgError('IG_PIPELINE', { reason: 'it ended before it was ready' }),
			);
			this.#settleReady = undefined;
		}
		void this.#worker.terminate().finally(() => {
			this.#control.dropEmitted();
			this.#settleEnded(end);
		});
	}

	/** `idleMs`: how long it may look away when no call runs. */
	#watchEvery(busyMs: number, idleMs: number): void {
		const pause = this.#control.running() === undefined ? idleMs : busyMs;
		this.#timer = setTimeout(() => {
			this.#watch();
			if (!this.#over) this.#watchEvery(busyMs, idleMs);
		}, pause);
	}

	/** Cuts off an operator that has been in one call for longer than its limit. */
	#watch(): void {
		if (this.#replacing || this.#over) return;
		const overrun = this.#watchdog.look();
		if (overrun === undefined) return;
		const { operator, call, limitMs, milliseconds } = overrun;
		this.#control.add(operator, 'Late', 1);
		void this.#cutOff(operator, call, `took more than ${limitMs} ms in ig_${call} and was cut off after ${milliseconds} ms`, milliseconds);
	}

	/** Ends the worker and has a new one go on without the operator in the batch in flight. */
	async #cutOff(operator: number, call: Call, reason: string, milliseconds = 0): Promise<void> {
		this.#replacing = true;
		await this.#worker.terminate();
		// It came to its end before it could be ended.
		if (this.#over) return;
		const name = this.#plan.operators[operator]?.name ?? '?';
		this.#control.leave();
		if (this.#inits === undefined) {
			this.#replacing = false;
			this.#end({ reason: 'failed', error: new IgError('IG_OPERATOR_INIT', { name, reason }) });
			return;
		}
		if (this.#control.swapping && this.#swap !== undefined) {
			// These are the old version's last calls: the new one has been initialised by then.
			if (call === 'state_save' || call === 'stop') {
				this.#events.onLog?.('warn', `operator ${name} ${reason}; the new version begins without the old one's state`);
				this.#settleSwap({ milliseconds }, this.#swap.inits);
			} else this.#settleSwap({ reason });
			this.#control.swapping = false;
			this.#resume([]);
			return;
		}
		this.#reasons.set(operator, reason);
		let guilty: Guilty[] = [];
		if (call === 'batch') guilty = [{ operator, reason }];
		else {
			const out = this.#control.strike(operator) || call === 'init';
			if (out) this.#control.set(operator, 'Quarantined', 1);
			this.#events.onLog?.('warn', `operator ${name} ${reason}${out ? '; it is out of this run' : ''}`);
			if (out && this.#plan.operators[operator]?.onError === 'stop') {
				this.#replacing = false;
				this.#end({ reason: 'failed', error: new IgError('IG_OPERATOR_FAILED', { name, reason }) });
				return;
			}
			if (call === 'start') this.#started = true;
		}
		this.#resume(guilty, call === 'stop' ? operator + 1 : undefined);
	}

	/** A new worker in the place of one that was terminated. */
	#resume(guilty: readonly Guilty[], stopFrom?: number): void {
		this.#worker = this.#spawn(guilty, stopFrom);
		this.#replacing = false;
		if (this.#swap !== undefined) this.#mail(this.#swap.message);
	}

	#wake(): void {
		if (this.#plan.source.kind === 'live') attachSource(this.#plan.source.handle).wake();
	}
}
