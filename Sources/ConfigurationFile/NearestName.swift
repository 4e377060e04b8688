internal import AttestationFormat

/// Finds what somebody may have meant.
enum NearestName {
    /// The candidate with the fewest edits, if they are few enough to be a slip: a third of the longer name.
    static func find(_ name: UTF8Text, among candidates: [UTF8Text]) -> UTF8Text? {
        var best: (name: UTF8Text, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(name.bytes, candidate.bytes)
            let limit = max(1, max(name.byteCount, candidate.byteCount) / 3)
            guard distance <= limit, distance < best?.distance ?? Int.max else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Levenshtein's distance. Names have at most a line's length, so this is at most 40,000 steps.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftByte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightByte) in right.enumerated() {
                let replaced = diagonal + (leftByte == rightByte ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
