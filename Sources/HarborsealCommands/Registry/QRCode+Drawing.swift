extension QRCode {
    /// Characters of a line of ``terminalText(usesColour:)``.
    var columnCount: Int { width + 2 * Self.quietZone }

    /// Two rows of modules a line, in half blocks, with the quiet zone around them.
    ///
    /// - Parameter usesColour: black on white whatever the terminal's own colours are, as readers need it. Without, dark modules are inked: right
    ///   on paper and in files, inverted on a dark screen, where most readers read it all the same.
    func terminalText(usesColour: Bool) -> String {
        let range = -Self.quietZone..<width + Self.quietZone
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { row in
            let line = String(range.map { Self.block(upper: isDark($0, row), lower: isDark($0, row + 1)) })
            // Black and white of the colour cube: themes change the sixteen named ones.
            return (usesColour ? "\u{1B}[38;5;16;48;5;231m\(line)\u{1B}[0m" : line) + "\n"
        }.joined()
    }

    private static func block(upper: Bool, lower: Bool) -> Character {
        switch (upper, lower) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }

    /// A picture for labels: black modules on white, quiet zone included, 50 mm wide and of any size without loss.
    ///
    /// - Parameter title: what it is for; shown by viewers, not printed.
    func svg(title: String) -> String {
        let side = columnCount
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="50mm" height="50mm" viewBox="0 0 \(side) \(side)" shape-rendering="crispEdges">
            <title>\(Self.escaped(title))</title>
            <rect width="\(side)" height="\(side)" fill="#fff"/>
            <path fill="#000" d="\(path)"/>
            </svg>

            """
    }

    /// One rectangle for each run of dark modules in a row.
    private var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while isDark(column, row) { column += 1 }
                if column > start { path += "M\(start + Self.quietZone) \(row + Self.quietZone)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
