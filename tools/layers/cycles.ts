/**
 * The strongly connected components of more than one node, or of one that points to itself: each is a set of nodes that
 * reach one another. Tarjan's algorithm (1972) with an explicit stack. Nodes are in the order of the map.
 */
export function cycles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];

  const enter = (node: string): { readonly node: string; next: number } => {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: string, to: number): void => {
    low.set(node, Math.min(low.get(node) ?? to, to));
  };

  for (const root of edges.keys()) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node } = top;
      const target = edges.get(node)?.[top.next++];
      if (target !== undefined) {
        const seen = order.get(target);
        if (seen === undefined) path.push(enter(target));
        else if (isOpen.has(target)) lower(node, seen);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, low.get(node) ?? 0);
      if (low.get(node) !== order.get(node)) continue;
      const component = open.splice(open.lastIndexOf(node));
      for (const member of component) isOpen.delete(member);
      if (component.length > 1 || edges.get(node)?.includes(node) === true) found.push(component);
    }
  }
  return found;
}
