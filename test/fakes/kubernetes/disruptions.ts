/** What befalls pods and nodes of the fake cluster from outside. */
import type { World } from './cluster.ts';
import type { Kubelets } from './kubelet.ts';

export interface Disruptions {
  /** Preemption, eviction, taints: a condition on the pod, then its deletion with grace. */
  disrupt(podName: string, reason: 'PreemptionByScheduler' | 'EvictionByEvictionAPI' | 'DeletionByTaintManager'): void;
  /** The kubelet ends a pod because its node is short of something, or shuts down. */
  evict(podName: string, message: string): void;
  /** The pod was over its own limit of storage: no condition, only the reason. */
  evictForOwnLimit(podName: string, message: string): void;
  /** The kubelet is not heard of any more; its processes may live on. */
  loseNode(name: string): void;
  /** The machine is gone, and so is its object; the pod collector ends its pods. */
  removeNode(name: string): void;
  /** The node was away, and its kubelet finds no container any more. */
  loseContainer(podName: string): void;
  /** By hand and by force: the object goes at once. */
  forceDelete(podName: string): void;
}

export function disruptions(world: World, kubelet: Kubelets, keyOfPod: (name: string) => string): Disruptions {
  const { store } = world;
  const mark = (key: string, reason: string, message = ''): void =>
    world.updatePod(key, (pod) => {
      const condition = { type: 'DisruptionTarget', status: 'True', reason, message };
      pod.status = { ...pod.status, conditions: [...(pod.status?.conditions ?? []), condition] };
    });
  const say = (key: string, message: string): void =>
    world.updatePod(key, (pod) => void (pod.status = { ...pod.status, reason: 'Evicted', message }));
  return {
    disrupt(podName, reason) {
      const key = keyOfPod(podName);
      mark(key, reason);
      store.delete('pods', key);
    },
    evict(podName, message) {
      const key = keyOfPod(podName);
      mark(key, 'TerminationByKubelet', message);
      say(key, message);
      kubelet.end(key, { exitCode: 137, reason: 'Error' });
    },
    evictForOwnLimit(podName, message) {
      const key = keyOfPod(podName);
      say(key, message);
      kubelet.end(key, { exitCode: 137, reason: 'Error' });
    },
    loseNode(name) {
      kubelet.silence(name);
      store.update('nodes', name, (node) => {
        node.status = { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] };
      });
    },
    removeNode(name) {
      kubelet.silence(name);
      store.delete('nodes', name);
      for (const [key, object] of store.of('pods')) {
        if (object.spec.nodeName !== name) continue;
        mark(key, 'DeletionByPodGC', 'PodGC: node no longer exists');
        world.updatePod(key, (pod) => void (pod.status = { ...pod.status, phase: 'Failed' }));
        // The job controller must see it fail before it goes.
        world.after(1, () => store.vanish('pods', key));
      }
    },
    loseContainer: (podName) =>
      kubelet.end(keyOfPod(podName), {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was terminated',
      }),
    forceDelete: (podName) => store.vanish('pods', keyOfPod(podName)),
  };
}
