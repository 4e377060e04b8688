/// Sorting by index, in one copy for all element types: the standard library's sort stands once for each of them, at 2 KB.
public enum SortedOrder {
    /// The indices below `count` in ascending order of what they stand for.
    ///
    /// A heap sort: at most `2 n log2 n` comparisons in whatever order a stranger's input comes, no recursion. Equal elements
    /// may change places.
    ///
    /// - Parameter precedes: whether the element at the first index belongs before the one at the second.
    @inline(never)
    public static func indices(_ count: Int, _ precedes: (Int, Int) -> Bool) -> [Int] {
        var order = [Int](repeating: 0, count: count)
        for index in order.indices { order[index] = index }
        var start = count / 2
        while start > 0 {
            start -= 1
            sink(start, in: &order, end: count, precedes)
        }
        var end = count
        while end > 1 {
            end -= 1
            order.swapAt(0, end)
            sink(0, in: &order, end: end, precedes)
        }
        return order
    }

    /// Lets the element at `place` sink until no child comes after it.
    private static func sink(_ place: Int, in order: inout [Int], end: Int, _ precedes: (Int, Int) -> Bool) {
        var parent = place
        while 2 * parent + 1 < end {
            var child = 2 * parent + 1
            if child + 1 < end, precedes(order[child], order[child + 1]) { child += 1 }
            guard precedes(order[parent], order[child]) else { return }
            order.swapAt(parent, child)
            parent = child
        }
    }
}
