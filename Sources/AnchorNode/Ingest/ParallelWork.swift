/// Work that needs no order, spread over the processors; the results are in the order of the input.
enum ParallelWork {
    /// Fewer elements than this are not worth a task: the work for one takes tens of microseconds.
    private static let leastPerTask = 8
    /// More tasks than processors only cost memory; machines for nodes have fewer than this.
    private static let maximumTaskCount = 16

    static func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ work: @escaping @Sendable (Input) -> Output
    ) async -> [Output] {
        let taskCount = min(maximumTaskCount, inputs.count / leastPerTask)
        guard taskCount > 1 else { return inputs.map(work) }
        let size = (inputs.count + taskCount - 1) / taskCount
        return await withTaskGroup(of: (Int, [Output]).self) { group in
            for start in stride(from: 0, to: inputs.count, by: size) {
                let part = inputs[start..<min(start + size, inputs.count)]
                group.addTask { (start, part.map(work)) }
            }
            var parts: [(Int, [Output])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap { $0.1 }
        }
    }
}
