/** Programs that boolean parameters turn on (GADGET_OPTIONAL). */
import { expect, it } from 'vitest';
import { chooseOptional } from '../../host/gadget/optional.js';

const optional = ['open', 'kill', 'stat'].map((hook) => ({ program: `on_${hook}`, param: `trace_${hook}`, all: 'trace_all' }));
const meets = (program: string) => (program === 'on_stat' ? { ok: false, reason: 'no hook stat' } : { ok: true, reason: '' });
const choose = (...set: string[]) => {
	const { unused, missing } = chooseOptional('mine', optional, (variable) => set.includes(variable), meets);
	return { unused: [...unused], missing: Object.fromEntries(missing) };
};

it('all are wanted when their parameter for all is set', () => {
	expect(choose('trace_all')).toEqual({ unused: ['on_stat'], missing: { on_stat: 'no hook stat' } });
});

it('naming some narrows it to them', () => {
	expect(choose('trace_all', 'trace_kill')).toEqual({ unused: ['on_open', 'on_stat'], missing: {} });
	expect(choose('trace_kill')).toEqual({ unused: ['on_open', 'on_stat'], missing: {} });
});

it('none are loaded when nothing is set', () => {
	expect(choose()).toEqual({ unused: ['on_open', 'on_kill', 'on_stat'], missing: {} });
});

it('one that this kernel lacks is left out, and an error when it is the only one', () => {
	expect(choose('trace_open', 'trace_stat')).toEqual({ unused: ['on_kill', 'on_stat'], missing: { on_stat: 'no hook stat' } });
	expect(() => choose('trace_stat')).toThrow("cannot hook 'on_stat' on this kernel: no hook stat");
});
