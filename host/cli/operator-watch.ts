/** `--watch`: builds of the user's operators take the place of those that run, as soon as they are there. */
import { isDeepStrictEqual } from 'node:util';
import type { LimitsOf } from '../operator/limits.js';
import { loadModule } from '../operator/load.js';
import { type LoadedModule, modulePlan } from '../operator/module.js';
import type { OperatorPlan, Pipeline } from '../pipeline/plan.js';
import { FileWatch } from './file-watch.js';
import { watchProject } from './operator-project.js';
import type { OperatorSpec } from './operator-spec.js';
import type { Log } from './report.js';

export interface UserOperator {
	readonly spec: OperatorSpec;
	readonly loaded: LoadedModule;
}

/** What another build may change in a run: the rest was decided, granted or shown when it began. */
const free: readonly (keyof OperatorPlan)[] = ['params', 'fields', 'onError', 'memoryPages', 'world'];

/** Why the chain with the new build cannot replace the one that runs; undefined: it can. */
function conflict(now: readonly OperatorPlan[], next: readonly OperatorPlan[]): string | undefined {
	if (now.length !== next.length) return 'has another number of operators';
	for (const [i, plan] of next.entries()) {
		const old = now[i] as OperatorPlan;
		for (const key of new Set([...Object.keys(old), ...Object.keys(plan)]) as Set<keyof OperatorPlan>) {
			if (!free.includes(key) && !isDeepStrictEqual(old[key], plan[key])) return `changes \`${key}\` of ${old.name} in its manifest`;
		}
	}
	return undefined;
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class OperatorWatch {
	readonly #files: ReadonlyMap<string, FileWatch>;
	readonly #limits: LimitsOf;

	/** Before the files are loaded, so that no change is missed. */
	constructor(specs: readonly OperatorSpec[], limits: LimitsOf) {
		this.#limits = limits;
		this.#files = new Map(specs.map(({ file }) => [file, new FileWatch(file)]));
	}

	/**
	 * `chain` builds the whole chain with these operators; they are modules 1, 2, … of `pipeline`, which has started.
	 * @returns ends it
	 */
	start(
		pipeline: Pipeline,
		users: readonly UserOperator[],
		chain: (users: readonly UserOperator[]) => readonly OperatorPlan[],
		log: Log,
	): () => void {
		let current = users;
		let plans = chain(users);
		const kept = (file: string, reason: string): void => log('warn', `the new build of ${file} ${reason}; the old one runs on`);

		const take = async (file: string, loaded: LoadedModule): Promise<void> => {
			for (const [i, user] of current.entries()) {
				if (user.spec.file !== file) continue;
				const users = current.with(i, { ...user, loaded });
				let next: readonly OperatorPlan[];
				try {
					next = chain(users);
				} catch (error) {
					kept(file, `does not fit: ${sentence(error)}`);
					return;
				}
				const reason = conflict(plans, next);
				if (reason !== undefined) {
					kept(file, `${reason}: end the run and start it again`);
					return;
				}
				const result = await pipeline.swap(i + 1, modulePlan(loaded), next);
				if ('reason' in result) {
					kept(file, result.reason);
					return;
				}
				current = users;
				plans = next;
				log('info', `the new build of ${file} runs now (the pipeline stood still for at most ${result.milliseconds.toFixed(1)} ms)`);
			}
		};

		const ends = [...this.#files].map(([file, watch]) =>
			watch.start({
				read: async () => await take(file, await loadModule(file, this.#limits)),
				broken: (error) => kept(file, `cannot be used: ${sentence(error)}`),
			}),
		);
		const folders = new Map(users.flatMap(({ spec }) => (spec.folder === undefined ? [] : [[spec.folder, spec.file] as const])));
		for (const [folder, file] of folders) ends.push(watchProject({ folder, file }, log));
		return () => {
			for (const end of ends) end();
		};
	}
}
