declare module 'cluster-key-slot' {
  /** The Cluster slot of a key, 0 to 16383. */
  export default function calculateSlot(key: string): number
}
