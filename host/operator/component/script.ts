/** What jco makes of a component: a script that instantiates its core modules and moves values in and out of them. */

export type Instantiate = (
	core: (name: string) => WebAssembly.Module | undefined,
	imports: Readonly<Record<string, unknown>>,
	instantiate: (module: WebAssembly.Module, imports?: Record<string, Record<string, unknown>>) => WebAssembly.Instance,
) => Readonly<Record<string, unknown>>;

/**
 * jco writes names of the component into the script between quotes, as they are: a name with a quote in it would be code. So every name of
 * a core module is looked at before the script is ever run. Those of the component itself obey the component model's rules, and ours.
 */
const unsafe = /['"`\\\p{C}\u2028\u2029]/u;

/** The first name in these modules that must not come to stand in a script. */
export function unsafeName(modules: readonly WebAssembly.Module[]): string | undefined {
	const names = modules.flatMap((module) => [
		...WebAssembly.Module.imports(module).flatMap((entry) => [entry.module, entry.name]),
		...WebAssembly.Module.exports(module).map(({ name }) => name),
	]);
	return names.find((name) => unsafe.test(name));
}

/** A script that was checked. It has no imports of its own, so it needs no module loader, and can be made in the middle of a run. */
export function compileScript(script: string): Instantiate {
	const body = script.replace(/^export (function|const) /gm, '$1 ');
	return new Function(`${body}\nreturn instantiate;`)() as Instantiate;
}
