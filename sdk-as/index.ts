// What operators import: `import { Batch, Init, Operator, register } from "@ig/operator"`.
export * from './assembly/index';
