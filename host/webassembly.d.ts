/**
 * The part of the WebAssembly JavaScript API that the host uses. TypeScript has it only in its DOM library,
 * whose other globals would hide mistakes here.
 */
declare namespace WebAssembly {
	type Kind = 'function' | 'global' | 'memory' | 'table';
	class Module {
		constructor(bytes: Uint8Array);
		static exports(module: Module): { name: string; kind: Kind }[];
		static imports(module: Module): { module: string; name: string; kind: Kind }[];
		static customSections(module: Module, name: string): ArrayBuffer[];
	}
	class Memory {
		constructor(descriptor: { initial: number; maximum?: number });
		readonly buffer: ArrayBuffer;
		grow(pages: number): number;
	}
	class Instance {
		constructor(module: Module, imports: Record<string, Record<string, unknown>>);
		readonly exports: Readonly<Record<string, unknown>>;
	}
	class CompileError extends Error {}
	class LinkError extends Error {}
	class RuntimeError extends Error {}
	function compile(bytes: Uint8Array): Promise<Module>;
	function validate(bytes: Uint8Array): boolean;
}
