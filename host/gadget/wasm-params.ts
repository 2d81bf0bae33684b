/** Parameters of a gadget's own operator: `params.wasm` of gadget.yaml. */
import { IgError } from '../errors.js';
import type { GadgetMetadata, ParamConfig } from './metadata.js';
import { parseBool } from './params.js';

/** By `typeHint`: what a value must look like. */
const forms: Readonly<Record<string, RegExp | undefined>> = {
	...{ int: /^[+-]?\d+$/, int8: /^[+-]?\d+$/, int16: /^[+-]?\d+$/, int32: /^[+-]?\d+$/, int64: /^[+-]?\d+$/ },
	...{ uint: /^\d+$/, uint8: /^\d+$/, uint16: /^\d+$/, uint32: /^\d+$/, uint64: /^\d+$/ },
	...{ float32: /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i, float64: /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i },
};

function check(param: string, { possibleValues, typeHint = '' }: ParamConfig, value: string): void {
	const fail = (reason: string): never => {
		throw new IgError('IG_PARAM', { param, value, reason });
	};
	if (possibleValues !== undefined && possibleValues.length > 0 && !possibleValues.includes(value)) {
		fail(`is not one of ${possibleValues.join(', ')}`);
	}
	if (typeHint === 'bool' && parseBool(value) === undefined) fail('is not a boolean: true or false');
	if (forms[typeHint]?.test(value) === false) fail(`is not of type ${typeHint}`);
}

/**
 * What the operator is told: values that were given, and defaults.
 * @param given the value of a flag, if it was given; without it, only defaults, and none are missed
 * @throws IgError IG_PARAM
 */
export function wasmParamValues(metadata: GadgetMetadata, given?: (flag: string) => string | undefined): Record<string, string> {
	const values: Record<string, string> = {};
	for (const [name, param] of Object.entries(metadata.wasmParams)) {
		const key = param.key ?? name;
		const value = given?.(key);
		if (value !== undefined) check(key, param, value);
		else if (given !== undefined && param.isMandatory && param.defaultValue === undefined) {
			throw new IgError('IG_PARAM', { param: key, value: '', reason: 'must be given' });
		}
		const told = value ?? param.defaultValue;
		if (told !== undefined) values[key] = told;
	}
	return values;
}
