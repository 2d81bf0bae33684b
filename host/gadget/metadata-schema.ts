/** The shape of gadget.yaml, keys in lower case. */
import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.bigint()], 'must be a text, a number or a boolean').transform(String);
const orEmpty = <T extends z.ZodType>(type: T) => z.preprocess((value) => value ?? undefined, type);
const text = orEmpty(scalar.default(''));
const optionalText = orEmpty(scalar.optional());
const texts = orEmpty(z.record(z.string(), orEmpty(scalar.default(''))).default({}));
const list = orEmpty(z.array(scalar).optional());
const maps = <T extends z.ZodType>(of: T) => orEmpty(z.record(z.string(), of).default({} as never));

const field = z.object({ annotations: texts, tags: orEmpty(z.array(scalar).default([])) });
const noField = { annotations: {}, tags: [] };
const dataSource = field.extend({ fields: maps(orEmpty(field.default(noField))) });

const flag = z.string('must be a text').regex(/^[\w-]+(\.[\w-]+)*$/, 'must be a name for a flag: letters, digits, - and _');
const ebpfParam = z.object({
	key: orEmpty(flag.optional()),
	defaultvalue: optionalText,
	description: optionalText,
	title: optionalText,
	typehint: optionalText,
	tags: list,
	ismandatory: orEmpty(z.boolean('must be true or false').optional()),
	alias: orEmpty(
		z
			.string('must be one letter')
			.regex(/^[A-Za-z]$/, 'must be one letter')
			.optional(),
	),
	possiblevalues: list,
});
const patch = orEmpty(z.record(z.string(), z.unknown(), 'must be a map: a part of gadget.yaml').optional());
const customParam = ebpfParam.extend({
	values: maps(orEmpty(z.object({ description: optionalText, patch }).default({}))),
	patch,
});

const program = z.string('must be the name of a program').regex(/^\w+$/, 'must be the name of a program');
const hook = z
	.array(
		z.object({ programs: z.array(program, 'must be a list of programs'), needs: orEmpty(z.array(z.string()).default([])) }),
		'must be a list of ways to hook it',
	)
	.min(1, 'needs at least one way to hook it');

export const fileSchema = z.object({
	name: orEmpty(z.string('must be a text').max(256).optional()),
	description: text,
	homepageurl: text,
	documentationurl: text,
	sourceurl: text,
	annotations: texts,
	datasources: maps(orEmpty(dataSource.default({ ...noField, fields: {} }))),
	params: orEmpty(
		z
			.object({ ebpf: maps(orEmpty(ebpfParam.default({}))), wasm: maps(orEmpty(ebpfParam.default({}))), custom: maps(customParam) })
			.default({ ebpf: {}, wasm: {}, custom: {} }),
	),
	paramdefaults: texts,
	hooks: maps(hook),
	programs: maps(orEmpty(z.record(z.string(), z.unknown()).default({}))),
	operator: maps(orEmpty(z.record(z.string(), z.unknown()).default({}))),
});

export type FileShape = z.infer<typeof fileSchema>;

const paramKeys = Object.keys(ebpfParam.shape);
/** Keys that may stand at a path; `*` is any name. What is not listed is not looked into. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
	'': Object.keys(fileSchema.shape),
	'datasources.*': Object.keys(dataSource.shape),
	'datasources.*.fields.*': Object.keys(field.shape),
	params: ['ebpf', 'wasm', 'custom'],
	'params.ebpf.*': paramKeys,
	'params.wasm.*': paramKeys,
	'params.custom.*': Object.keys(customParam.shape),
	'params.custom.*.values.*': ['description', 'patch'],
	'hooks.*.*': ['programs', 'needs'],
};

/** How keys are written, for suggestions. */
export const spelling: Readonly<Record<string, string | undefined>> = {
	homepageurl: 'homepageURL',
	documentationurl: 'documentationURL',
	sourceurl: 'sourceURL',
	paramdefaults: 'paramDefaults',
	defaultvalue: 'defaultValue',
	possiblevalues: 'possibleValues',
	typehint: 'typeHint',
	ismandatory: 'isMandatory',
};
