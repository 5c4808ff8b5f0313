import { clusterFaultsSuite } from './cluster-faults-suite.ts'

clusterFaultsSuite()
