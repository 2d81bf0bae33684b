/** A pipeline seen from the main thread: starts the worker, watches it, replaces it when an operator overruns its deadline. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { IgError } from '../errors.js';
import type { InitResult } from '../operator/session.js';
import { attachSource } from '../ebpf/source.js';
import type { DataSource } from '../schema.js';
import type { Guilty } from './chain.js';
import { type Call, Control } from './control.js';
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

/** Under a TypeScript runner (vitest) the worker is the built one: threads get no transform. */
const here = fileURLToPath(import.meta.url);
const workerFile = here.endsWith('.ts')
	? new URL('../../dist/host/pipeline/worker.js', import.meta.url)
	: new URL('./worker.js', import.meta.url);

export function startPipeline(plan: PipelinePlan, events: PipelineEvents = {}): Pipeline {
	return new Supervisor(plan, events);
}

interface Suspect {
	readonly count: number;
	/** CPU time of the worker when the suspicion began, ns. */
	readonly cpu: number;
}

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
	readonly #timer: NodeJS.Timeout;
	#worker: Worker;
	#suspect: Suspect | undefined;
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
		this.#metrics = new Metrics(plan.operators.length);
		this.ready = new Promise((resolve, reject) => {
			this.#settleReady = { resolve, reject };
		});
		// A caller that only waits for the end must not die of an unhandled rejection.
		this.ready.catch(() => {});
		this.ended = new Promise((resolve) => {
			this.#settleEnded = resolve;
		});
		this.#worker = this.#spawn();
		this.#timer = setInterval(() => this.#watch(), Math.max(5, Math.min(50, plan.deadlineMs / 4)));
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
			({ name }, id): OperatorStats => ({
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

	#spawn(guilty?: readonly Guilty[]): Worker {
		const data: WorkerData = {
			plan: this.#plan,
			control: this.#control.buffer,
			metrics: this.#metrics.buffer,
			tables: this.#tables.names().map((name) => [name, this.#tables.get(name)] as const),
			...(this.#inits && guilty && { restart: { inits: this.#inits, guilty, started: this.#started } }),
		};
		// No stdio of its own: with it, the parent would wait for the worker's streams.
		const worker = new Worker(workerFile, { workerData: data, stdin: false });
		worker.on('message', (message: FromWorker) => this.#hear(message));
		worker.on('error', (error) =>
			this.#end({ reason: 'failed', error: new IgError('IG_PIPELINE', { reason: error.message }, { cause: error }) }),
		);
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
					this.#events.onReady?.(message.sources);
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
		clearInterval(this.#timer);
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

	/** Cuts off an operator that has been in one call for longer than the deadline. */
	#watch(): void {
		const running = this.#control.running();
		const { deadlineMs } = this.#plan;
		if (running === undefined || running.milliseconds < deadlineMs / 2 || this.#replacing || this.#over) {
			this.#suspect = undefined;
			return;
		}
		const cpu = this.#cpuTime();
		if (this.#suspect?.count !== running.count) {
			this.#suspect = { count: running.count, cpu };
			return;
		}
		// A worker that the kernel did not let run is not at fault: half the deadline must have been spent on the CPU.
		if (running.milliseconds < deadlineMs || cpu - this.#suspect.cpu < deadlineMs * 0.4e6) return;
		void this.#cutOff(running.operator, running.call, running.milliseconds);
	}

	async #cutOff(operator: number, call: Call, milliseconds: number): Promise<void> {
		this.#replacing = true;
		await this.#worker.terminate();
		const name = this.#plan.operators[operator]?.name ?? '?';
		const reason = `took more than ${this.#plan.deadlineMs} ms in ig_${call} and was cut off after ${milliseconds} ms`;
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
		if (call === 'stop') {
			this.#events.onLog?.('warn', `operator ${name} ${reason}`);
			this.#replacing = false;
			this.#end({ reason: this.#control.stopping ? 'stopped' : 'finished' });
			return;
		}
		let guilty: Guilty[] = [];
		if (call === 'batch') guilty = [{ operator, reason }];
		else {
			const out = this.#control.strike(operator) || call === 'init';
			if (out) this.#control.set(operator, 'Quarantined', 1);
			this.#events.onLog?.('warn', `operator ${name} ${reason}${out ? '; it is out of this run' : ''}`);
			if (call === 'start') this.#started = true;
		}
		this.#resume(guilty);
	}

	/** A new worker in the place of one that was terminated. */
	#resume(guilty: readonly Guilty[]): void {
		this.#worker = this.#spawn(guilty);
		this.#replacing = false;
		this.#suspect = undefined;
		if (this.#swap !== undefined) this.#mail(this.#swap.message);
	}

	/** Time that the worker's thread has spent on a CPU, ns (proc(5), schedstat). */
	#cpuTime(): number {
		try {
			return Number(readFileSync(`/proc/self/task/${this.#control.thread}/schedstat`, 'latin1').split(' ')[0]);
		} catch {
			// A kernel without schedstat: the wall clock alone decides.
			return Number.POSITIVE_INFINITY;
		}
	}

	#wake(): void {
		if (this.#plan.source.kind === 'rings') attachSource(this.#plan.source.handle).wake();
	}
}
