/** The texts of stacks, filled into each batch in one native call: after the filters that need none, before all that may read them. */
import { attachStacks, encodeStackColumns, StackTrouble, type Stacks } from '../ebpf/stacks.js';
import { type StackField, stackFields, stackTexts } from '../gadget/stack-fields.js';
import type { LogLevel } from '../operator/imports.js';
import { fixedSize } from '../schema.js';
import type { Link } from './link.js';
import type { PipelinePlan } from './plan.js';

/** What to say about each trouble, once per run and worker. */
const warnings: readonly { readonly bit: number; text(stacks: Stacks): string }[] = [
	{
		bit: StackTrouble.KernelHidden,
		text: () =>
			"the kernel hides its functions' addresses, so kernel stacks have no names; sysctl kernel.kptr_restrict=1 and root show them",
	},
	{
		bit: StackTrouble.NoLibrary,
		text: (stacks) =>
			`user stacks have addresses instead of names: ${stacks.reason()}; \`make blazesym\` in ig's source tree builds what is missing`,
	},
	{ bit: StackTrouble.NoRoom, text: () => 'some stacks are left out: a batch has more of them than it has room for' },
];

/** Whether the operator reads the field. Our own say all that they read. */
function reads({ plan, init, sources }: Link, ds: number, field: number, named: boolean): boolean {
	if (!sources.has(ds)) return false;
	const wants = init.wants[ds];
	return wants === undefined ? !plan.builtin && !named : wants.has(field);
}

export class StackFiller {
	readonly #stacks: Stacks;
	/** The operator in front of which the columns are filled. */
	readonly #before: number;
	readonly #log: (level: LogLevel, text: string) => void;
	readonly #fields: readonly (readonly StackField[])[];
	readonly #fixedSizes: readonly number[];
	/** Per data source; empty: nobody reads its stacks. */
	#columns: readonly Uint32Array[] = [];
	readonly #runs: boolean;
	#warned = 0;

	constructor(plan: PipelinePlan & { stacks: NonNullable<PipelinePlan['stacks']> }, log: (level: LogLevel, text: string) => void) {
		const { stacks, dataSources: sources, describeOnly } = plan;
		this.#stacks = attachStacks(stacks.handle);
		this.#before = stacks.before;
		this.#runs = describeOnly !== true;
		this.#log = log;
		this.#fields = sources.map(stackFields);
		this.#fixedSizes = sources.map(fixedSize);
	}

	/** Looks at what the operators read. */
	plan(links: readonly Link[]): void {
		const behind = links.filter(({ id }) => id >= this.#before);
		const columns = this.#fields.map((fields, ds) =>
			fields
				.map(({ user, offset, texts }) => {
					const slots = stackTexts.map((leaf) => {
						const field = texts[leaf];
						// Lines are dear: they are for those who ask for them by name.
						const wanted = field !== undefined && behind.some((link) => reads(link, ds, field.id, leaf === 'frames'));
						return wanted ? field.slot : undefined;
					});
					return { user, offset, slots };
				})
				.filter(({ slots }) => slots.some((slot) => slot !== undefined)),
		);
		// A chain that is only tried out has a running one beside it.
		if (this.#runs && columns.flat().some(({ user }) => !user)) this.#stacks.prepare();
		this.#columns = columns.map(encodeStackColumns);
	}

	/** Before operator `link` gets the batch of `ds` that is in `region`. */
	fill(link: number, ds: number, region: Uint8Array): void {
		const columns = this.#columns[ds];
		if (link !== this.#before || columns === undefined || columns.length === 0) return;
		this.#stacks.fill(region, this.#fixedSizes[ds] ?? 0, columns);
		this.#warn(this.#stacks.troubles() & ~this.#warned);
	}

	#warn(troubles: number): void {
		this.#warned |= troubles;
		for (const { bit, text } of warnings) if ((troubles & bit) !== 0) this.#log('warn', text(this.#stacks));
	}
}
