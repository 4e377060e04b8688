public import AttestationFormat

/// Finds what somebody may have meant.
public enum NearestName {
    /// The candidate with the fewest edits, if they are few enough to be a slip: a third of the longer name, or `most` of them.
    public static func find(_ name: UTF8Text, among candidates: [UTF8Text], within most: Int? = nil) -> UTF8Text? {
        var best: (name: UTF8Text, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(name.bytes, candidate.bytes)
            let limit = most ?? max(1, max(name.byteCount, candidate.byteCount) / 3)
            guard distance <= limit, distance < best?.distance ?? Int.max else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Edits between two names: a byte added, dropped or replaced, or two neighbours exchanged. Names have at most a line's
    /// length, so this is at most 40,000 steps.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var above = Array(0...right.count)
        for leftIndex in left.indices {
            var row = [leftIndex + 1]
            row.reserveCapacity(right.count + 1)
            for rightIndex in right.indices {
                let replaced = above[rightIndex] + (left[leftIndex] == right[rightIndex] ? 0 : 1)
                var least = min(replaced, above[rightIndex + 1] + 1, row[rightIndex] + 1)
                let isExchanged = leftIndex > 0 && rightIndex > 0 && left[leftIndex] == right[rightIndex - 1]
                    && left[leftIndex - 1] == right[rightIndex]
                if isExchanged { least = min(least, before[rightIndex - 1] + 1) }
                row.append(least)
            }
            before = above
            above = row
        }
        return above[right.count]
    }
}
