/** Values and names that would break a terminal or JSON, through the built-in outputs: one line a row, and nothing raw. */
import { expect, test } from 'vitest';
import { builtinModule, builtinOperator, foreign, type Outcome, runPipeline } from '../support/pipeline.js';
import { numbers, numbersSource, packNumbers } from '../support/schema.js';
import { watModule, watOperator } from '../support/wat.js';

const ROWS = 20;
/** Escape sequences, line ends, quotes, NUL, C1, what is not UTF-8 (broken, too long, surrogates), and what JSON knows. */
const evil =
	'\\1b[2J\\1b]0;title\\07\\r\\nerror: all is lost\\00\\22\\5c\\9b\\c2\\9b\\ff\\fe\\c0\\80\\ed\\a0\\80\\f4\\90\\80\\80\\e2\\80\\a8{\\22pid\\22:1},\\7f';
const SIZE = evil.replace(/\\[0-9a-f]{2}|\\r|\\n/g, 'x').length;

/** Adds a string, all of it evil, and says nonsense about how to show it. */
const operator = watOperator({
	imports: `(import "ig" "field_add" (func $field_add (param i32 i32 i32 i32 i32 i32) (result i32)))
		(import "ig" "field_annotate" (func $annotate (param i32 i32 i32 i32 i32 i32) (result i32)))
		(import "ig" "field_tag" (func $tag (param i32 i32 i32 i32) (result i32)))`,
	init: `(local $field i32)
		(local.set $field (call $field_add (i32.const 0) (i32.const -1) (i32.const 16) (i32.const 4) (i32.const 12) (i32.const 0)))
		(drop (call $annotate (i32.const 0) (local.get $field) (i32.const 32) (i32.const 13) (i32.const 48) (i32.const 10)))
		(drop (call $annotate (i32.const 0) (local.get $field) (i32.const 64) (i32.const 17) (i32.const 1024) (i32.const ${SIZE})))
		(drop (call $annotate (i32.const 0) (local.get $field) (i32.const 1024) (i32.const ${SIZE}) (i32.const 1024) (i32.const ${SIZE})))
		(drop (call $tag (i32.const 0) (local.get $field) (i32.const 1024) (i32.const ${SIZE})))
		(i32.const 0)`,
	batch: `(local $column i32) (local $view i32) (local $i i32) (local $text i32)
		(local.set $column (i32.add (local.get $batch) (i32.load offset=48 (local.get $batch))))
		(i32.store offset=4 (local.get $column) (i32.const 1))
		(i32.store offset=12 (local.get $column) (i32.load offset=56 (local.get $batch)))
		(i32.store offset=16 (local.get $column) (i32.mul (i32.const 8) (i32.load offset=20 (local.get $batch))))
		(local.set $view (i32.add (local.get $batch) (i32.load offset=56 (local.get $batch))))
		(local.set $text (i32.add (i32.load offset=56 (local.get $batch)) (i32.const 4096)))
		(memory.copy (i32.add (local.get $batch) (local.get $text)) (i32.const 1024) (i32.const ${SIZE}))
		(loop $next
			(i32.store (local.get $view) (local.get $text))
			(i32.store offset=4 (local.get $view) (i32.const ${SIZE}))
			(local.set $view (i32.add (local.get $view) (i32.const 8)))
			(local.set $i (i32.add (local.get $i) (i32.const 1)))
			(br_if $next (i32.lt_u (local.get $i) (i32.load offset=20 (local.get $batch)))))
		(i32.store offset=60 (local.get $batch) (i32.const ${4096 + SIZE}))
		(i32.const 0)`,
	more: `(data (i32.const 16) "evil") (data (i32.const 32) "columns.width") (data (i32.const 48) "-999999999")
		(data (i32.const 64) "columns.alignment") (data (i32.const 1024) "${evil}")`,
});

async function show(output: string, params: Record<string, string> = {}): Promise<Outcome> {
	const module = await watModule(operator, 'evil.wasm');
	const outcome = await runPipeline({
		sources: [numbersSource()],
		batches: [{ ds: 0, rows: ROWS, records: packNumbers(numbers(ROWS, 0)) }],
		modules: [module],
		operators: [foreign(module, 1), await builtinOperator('formatters'), await builtinOperator(output, params)],
		home: await builtinModule(),
	});
	expect(outcome.end).toEqual({ reason: 'finished' });
	for (const line of outcome.log) expect(line).toMatch(/^warn: \S+builtin.wasm: field evil: columns\.width is "-999999999"/);
	expect(outcome.stats).toMatchObject({ submitted: ROWS, delivered: ROWS });
	return outcome;
}

/** Nothing but line ends that a terminal would obey. */
function expectTame(text: string): void {
	const obeyed = [...text].filter((char) => (char < ' ' && char !== '\n') || (char >= '\u0080' && char < '\u00a0'));
	expect(obeyed).toEqual([]);
}

test('JSON: a line a row, each valid, with the value in it as text', async () => {
	const { output } = await show('json');
	const lines = Buffer.from(output, 'latin1').toString('utf8').trimEnd().split('\n');
	expect(lines).toHaveLength(ROWS);
	for (const [i, line] of lines.entries()) {
		const row = JSON.parse(line) as Record<string, unknown>;
		expect(row).toMatchObject({ number: i });
		expect(String(row.evil)).toContain('error: all is lost');
	}
	expectTame(Buffer.from(output, 'latin1').toString('utf8'));
});

test('columns: a line a row and the heading, nothing raw', async () => {
	const { output } = await show('columns', { 'terminal-width': '120' });
	const text = Buffer.from(output, 'latin1').toString('utf8');
	expect(text.trimEnd().split('\n')).toHaveLength(ROWS + 1);
	expectTame(text);
});

test('YAML: nothing raw', async () => {
	expectTame(Buffer.from((await show('yaml')).output, 'latin1').toString('utf8'));
});
