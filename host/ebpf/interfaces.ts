/** Network interfaces of this process's network namespace. */
import { readFileSync } from 'node:fs';
import { native } from './native.js';

/** ARPHRD_ETHER and ARPHRD_LOOPBACK of linux/if_arp.h: frames. Others begin with their IP header. */
const framed: readonly number[] = [1, 772];

/** Its packets begin with their IP header: tunnels, WireGuard. */
export function isRaw(name: string): boolean {
	const link = native.ig_interface_link(name);
	return link >= 0 && !framed.includes(link);
}

export function interfaceNames(): string[] {
	return [...readFileSync('/proc/self/net/dev', 'utf8').matchAll(/^\s*([^\s:]+):/gm)].map(([, name = '']) => name);
}

/** `1/lo 2/eth0 5/tun0/raw`, as the operator `pcap-ng` wants them. */
export function interfaceList(): string {
	return interfaceNames()
		.map((name) => `${native.if_nametoindex(name)}/${name}${isRaw(name) ? '/raw' : ''}`)
		.join(' ');
}
