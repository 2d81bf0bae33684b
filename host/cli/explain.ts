/** `--explain`: what a run would do where, and why. */
import { release } from 'node:os';
import type { OpenedGadget } from '../gadget/instance.js';
import type { OperatorPlan } from '../pipeline/plan.js';
import type { Pushdown } from './pushdown.js';

export interface Explained {
	readonly opened: OpenedGadget;
	readonly pushdown: readonly Pushdown[];
	readonly operators: readonly OperatorPlan[];
}

function filterLines({ opened, pushdown }: Explained): string[] {
	return pushdown.flatMap(({ dataSource, split, reason }) => {
		const kernel = reason === undefined ? split.kernel : [];
		const operator = reason === undefined ? split.operator : [...split.kernel, ...split.operator];
		return [
			`  data source ${opened.dataSources[dataSource]?.name}`,
			...kernel.map((condition) => `    in the kernel    ${condition}`),
			...operator.map((condition) => `    in an operator   ${condition}`),
			...(reason === undefined ? [] : [`    nothing in the kernel: ${reason}`]),
		];
	});
}

function hookLines({ opened }: Explained): string[] {
	const hooks = [...opened.hooks()];
	const width = Math.max(0, ...hooks.map(([hook]) => hook.length));
	const better = opened.passedOver();
	return hooks.flatMap(([hook, programs]) => [
		`  ${hook.padEnd(width)}  ${programs.join(', ') || 'done without'}`,
		...(better.get(hook) ?? []).map((passed) => `  ${' '.repeat(width)}  not ${passed.programs.join(', ') || 'without'}: ${passed.reason}`),
	]);
}

export function explain(explained: Explained): string {
	const sections: [string, string[]][] = [
		['Hooks', hookLines(explained)],
		['Filters', filterLines(explained)],
		['Operators, in this order', [`  ${explained.operators.map((operator) => operator.name).join(', ')}`]],
	];
	const shown = sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [title, ...lines].join('\n'));
	return `${explained.opened.gadget.name} on Linux ${release()}\n\n${shown.join('\n\n')}\n`;
}
