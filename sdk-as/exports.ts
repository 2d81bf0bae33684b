// The exports of the operator ABI: `export * from "@ig/operator/exports"` in an operator's entry file.
export * from './assembly/exports';
