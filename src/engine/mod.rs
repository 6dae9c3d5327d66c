//! The resource contract, the graph, the plan and the scheduler. Knows nothing of AWS, terminals or files.
