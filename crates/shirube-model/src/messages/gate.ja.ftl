# 出口審査：表、規則、攻撃者、保護

gate-table-no-dimension = 表に次元がありません
    .remedy = 少なくとも一つの次元と区分を指定してください。
gate-table-dimension-empty = 次元「{ $dimension }」に区分がありません
    .remedy = 区分を一つ以上指定してください。
gate-table-code-repeated = 次元「{ $dimension }」の区分「{ $code }」が二度現れます
    .remedy = 区分の符号を次元の中で一意にしてください。
gate-table-code-unknown = 次元「{ $dimension }」に区分「{ $code }」はありません
    .remedy = 次元の定義にある区分を指定してください。
gate-table-rollup-cycle = 次元「{ $dimension }」の集計関係が「{ $code }」で循環しています
    .remedy = 合計は、自らを含まない区分の和として定義してください。
gate-table-too-many-cells = 表「{ $table }」のセル数が上限{ $max }を超えます
    .remedy = 次元の組合せを減らすか、表を分割してください。
gate-table-address = 表「{ $table }」にその位置のセルはありません
    .remedy = 次元ごとに一つ、定義された区分を指定してください。
gate-table-relation = 追加の関係式{ $number }が存在しないセルを指しています
    .remedy = 表とセルの番号を確かめてください。
gate-table-value-range = 値が扱える範囲を超えています
    .remedy = 単位を大きくしてください（値は整数部と小数部を合わせて18桁以内です）。

gate-policy-unreadable = 公表基準を読み取れません：{ $detail }
    .remedy = TOMLの書き方と項目名を確かめてください。
gate-policy-unknown = 公表基準「{ $policy }」はありません
    .remedy = 次のいずれかを指定するか、基準のTOMLファイルを指定してください：{ $known }
gate-policy-value = 公表基準の値が範囲の外です
    .remedy = しきい値は0以上、幅は1以上、丸めの単位は2以上、割合は1から100までで指定してください。

gate-protect-not-published = 保護すべきセルに値がありません
    .remedy = 保護する前の表には、すべての値を入れてください。
gate-protect-impossible = 必ず表示すると指定されたセルがあるため、どのセルを秘匿しても保護できません
    .remedy = 必ず表示するセルを減らすか、区分をまとめて粗くするか、ゼロも秘匿できる基準を使ってください。
gate-protect-undecided = 探索の上限に達し、安全であると確かめられる秘匿の組み合わせが見つかりませんでした
    .remedy = 区分をまとめて粗くするか、表を小さな組に分けて処理するか、ゼロも秘匿できる基準を使ってください。
gate-protect-rounding-base = 丸めの単位{ $base }は使えません
    .remedy = 2以上の整数を指定してください。
gate-protect-cell-key-counts = 表「{ $table }」は件数の表ではないため、セルキー法を使えません
    .remedy = 金額などの表には、秘匿または丸めを使ってください。

# Reading files.

gate-read-cannot-open = ファイルを開けません
    .remedy = パスと読み取り権限を確認してください。
gate-read-empty = ファイルが空です
    .remedy = 表を含むブック（.xlsx）またはCSVファイルを指定してください。
gate-read-file-too-large = ファイルが{ $size }バイトあり、読み取りの上限{ $max }バイトを超えています
    .remedy = ブックを分割するか、上限を引き上げてください。
gate-read-damaged = ファイルが壊れているか、ブックではありません
    .remedy = 表計算ソフトで開いて.xlsx形式で保存し直してください。
gate-read-password = ブックがパスワードで保護されています
    .remedy = 表計算ソフトでパスワードを解除した写しを指定してください。
gate-read-old-binary = 旧形式（.xls）などの複合ファイルです
    .remedy = .xlsx形式で保存し直してください。
gate-read-no-workbook = 圧縮ファイルにブックが含まれていません
    .remedy = 圧縮ファイルではなく、.xlsxファイルそのものを指定してください。
gate-read-unpacked-too-large = 展開を中止しました：{ $what ->
        [parts] 構成要素が{ $found }個あり、上限の{ $max }個を超えています
        [ratio] 展開すると{ $found }倍になる要素があり、上限の{ $max }倍を超えています
       *[bytes] 展開すると{ $found }バイトになり、上限の{ $max }バイトを超えます
    }
    .remedy = 通常のブックではありません。公表元から入手し直してください。
gate-read-too-many-cells = ファイルの{ $what ->
        [rows] 行
        [columns] 列
        [sheets] シート
       *[cells] セル
    }の数が読み取りの上限{ $max }を超えています
    .remedy = 空白や不要な部分を削除するか、ファイルを分割してください。
gate-read-encoding = 文字コードがUTF-8でもCP932（Shift_JIS）でもありません
    .remedy = UTF-8のCSVで保存し直してください。
gate-read-not-a-table = ブックでも、文字による表でもありません
    .remedy = ブック（.xlsx）またはCSVファイルを指定してください。
gate-read-not-understood = シート`{ $sheet }`に合う様式がありません：{ $why ->
        [heads] 総計または見出し列の見出しが見つかりません
        [rows] 見出しの下に行がありません
        [columns] 内訳の列がありません
        [heads-repeat] 同じ見出しの列が二つあります
        [measure] 何を集計した表か、見出しから分かりません
        [title-code] 表題にコードがありません
        [keys-repeat] 同じ見出しの行が二つあります
       *[other] 様式が指定されていません
    }（最も近い様式：`{ $layout }`）
    .remedy = 様式をTOMLファイルに記述して指定してください。
gate-read-layout = 様式ファイルを読み取れません
    .remedy = TOMLの文法を確認してください。様式には見出し列と、総計または中計が必要です。
gate-read-note-negative = シート`{ $sheet }`に負の数が{ $count }個あります
    .remedy = 印刷のとおり用いました。値を確認してください。
gate-read-note-inexact = シート`{ $sheet }`に、想定より桁の多い数が{ $count }個あります
    .remedy = 計算から除きました。件数は整数でなければなりません。
gate-read-note-date = シート`{ $sheet }`の数値欄に、日付の書式のセルが{ $count }個あります
    .remedy = 計算から除きました。元の値はファイルに残っていません。表を訂正してください。
gate-read-note-unreadable = シート`{ $sheet }`に、数でも秘匿記号でもないセルが{ $count }個あります
    .remedy = 計算から除きました。訂正するか、記号を様式に加えてください。
gate-read-note-formulas = シート`{ $sheet }`に数式が{ $count }個あります
    .remedy = 最後に計算された値を用いました。数式は秘匿セルを参照し得るため、値にして公表してください。
gate-read-note-hidden-sheet = シート`{ $sheet }`は非表示ですが、監査の対象としました
    .remedy = 非表示シートは誰でも表示できます。公表前に削除してください。

# The audit and its report.

gate-audit-no-files = 監査するブックまたはCSVファイルがありません
    .remedy = ファイル、または.xlsx・.csvファイルのあるフォルダーを指定してください。
gate-audit-progress-reading = 読み取り中
gate-audit-progress-attacking = 推定の試行中
gate-audit-title = 公表表の監査：秘匿された数値は計算で求まるか
gate-audit-scope = ファイル{ $files }件、表{ $tables }件、セル{ $cells }個（うち秘匿{ $masked }個）。適用した基準：{ $policy }
gate-audit-verdict-leaks = 基準値未満の秘匿値{ $cells }個（{ $rows }行）が、公表値から正確に計算できます。
gate-audit-verdict-weak = 基準値未満の秘匿値で正確に計算できるものはありませんが、範囲が狭すぎるもの、または小さくないと分かるものがあります。
gate-audit-verdict-none = 計算で求まる秘匿値も、範囲が狭すぎる秘匿値もありません。
gate-audit-count-small = 基準値未満で正確に計算可能
gate-audit-count-rows-small = 該当する行
gate-audit-count-companion = 基準値以上で正確に計算可能
gate-audit-count-zero = 0と確定するもの
gate-audit-count-weak = 範囲が狭すぎるもの
gate-audit-count-undecided = 判定できなかったもの
gate-audit-count-safe = 保護されているもの
gate-audit-count-mask-also = 追加で秘匿すべきセル
gate-audit-count-other = その他の計算可能
gate-audit-count-cells = セル
gate-audit-count-masked = 秘匿
gate-audit-terms = 「正確に計算可能」とは、公表されたすべての数値と矛盾しない値が一つしかないことをいいます。基準値未満の値は、秘匿の対象そのものです。基準値以上の値は他の値を守るために秘匿されたもので、これが分かると保護が失われます。0は公表が認められていますが、分かると隣のセルの範囲が狭まります。
gate-audit-width = 取り得る値の幅が{ $width }に満たない秘匿値を「範囲が狭すぎる」とします。表の基準値が方針より大きいときは、幅もこれに比例して大きくします。
gate-audit-hidden = この報告書は位置と幅のみを示し、計算で求まる値は示しません。
gate-audit-revealed = この報告書は計算で求まる値を示しています。表の訂正を行う者のためのものであり、他に渡さないでください。
gate-audit-kinds = 漏えいの経路
gate-audit-kind = 経路
gate-audit-meaning = 内容
gate-audit-kind-lone = 単独の秘匿
gate-audit-kind-lone-meaning = 合計の中で秘匿が一つだけであるため、総計から公表値を引けば求まります。
gate-audit-kind-nothing-left = 残りなし
gate-audit-kind-nothing-left-meaning = 公表値だけで総計に達しており、秘匿されたセルはすべて0です。
gate-audit-kind-by-rule = 公表ルールによる推定
gate-audit-kind-by-rule-meaning = 総計の残りが、公表ルールで秘匿され得る値の一通り又は少数の組合せ（9と9など）にしか合いません。
gate-audit-kind-forced = 同時の確定
gate-audit-kind-forced-meaning = 総計の残りが少なく、秘匿されたセルの取り得る値がほとんどありません。
gate-audit-kind-linked = 他の表との照合
gate-audit-kind-linked-meaning = 同じ数値が別の区分の表で公表されています。都道府県では秘匿され、その二次医療圏はすべて公表されている場合などです。
gate-audit-kind-ordered = 指標間の大小
gate-audit-kind-ordered-meaning = 患者数は算定回数を超えないなど、他の数値を超えないことから絞られます。
gate-audit-kind-combined = 複数の合計の組合せ
gate-audit-kind-combined-meaning = 一つの合計では求まりませんが、いくつかの合計を組み合わせると求まります。
gate-audit-worst = 重大なセル
gate-audit-worst-note = 全{ $all }個のうち{ $shown }個を、基準値未満のものから順に示します。すべてはJSON形式の報告にあります。
gate-audit-cell = セル
gate-audit-verdict = 判定
gate-audit-possible = 取り得る値
gate-audit-why = 根拠
gate-audit-recoverable = 正確に計算可能
gate-audit-width-is = 幅{ $width }
gate-audit-masked-mark = 秘匿
gate-audit-why-sum = { $total }（{ $printed }）＝{ $parts }の合計。公表{ $count }個の計{ $sum }、秘匿：{ $masked }
gate-audit-why-at-least = { $total }（{ $printed }）≦{ $parts }の合計。公表{ $count }個の計{ $sum }、秘匿：{ $masked }
gate-audit-why-at-most = { $total }（{ $printed }）≦{ $parts }。公表{ $count }個（{ $sum }）、秘匿：{ $masked }
gate-audit-why-more = ほか合計{ $count }件
gate-audit-mask-also = 追加で秘匿すべきセル
gate-audit-mask-also-note = 次の公表セルも秘匿すれば、基準値未満の値は計算で求まらなくなります。値が求まる合計の中で最も小さい公表値を順に選んだもので、正確な計算を防ぎますが、狭い範囲のすべてを解消するものではありません。
gate-audit-mask-also-list = { $count }個の一覧
gate-audit-not-repaired = { $count }組の行はこれだけでは足りず、より広い範囲から選ぶ必要があります。
gate-audit-printed = 公表値
gate-audit-files = ブック別
gate-audit-file = ファイル
gate-audit-subject = 内容
gate-audit-files-clean = ほかの{ $count }ファイルに指摘はありません。
gate-audit-sums = 推定の前提とした合計
gate-audit-sums-note = 秘匿のないすべての行で成り立つかを確かめました。千件に一件を超えて成り立たないものは用いません。
gate-audit-measure = 集計項目
gate-audit-characteristic = 区分
gate-audit-relation = 関係
gate-audit-relation-exact = 内訳の計＝総計
gate-audit-relation-at-least = 内訳の計≧総計
gate-audit-relation-none = なし
gate-audit-used = 使用
gate-audit-holds = 成立
gate-audit-fails = 不成立
gate-audit-with-masks = 秘匿あり
gate-audit-yes = する
gate-audit-no = しない
gate-audit-contradictions = 他の公表値と矛盾する合計が{ $count }件あり、計算から除きました。
gate-audit-refused = 読み取れなかったもの、様式の分からなかったもの
gate-audit-notices = 読み取りに疑義のあるもの
gate-audit-foot = 報告書の形式 { $version }。同じファイルからは同じ報告書が得られます。
gate-audit-protect-table = 秘匿前の数値がすべてそろった件数の表がありません
    .remedy = 秘匿する前の表を、既知の様式で指定してください。
gate-audit-protected = 基準により{ $primary }個、その保護のため{ $secondary }個を秘匿しました。秘匿した{ $checked }個のいずれも計算で求まらないことを確かめました。

cli-help-gate = 表から何が分かるかを調べ、公表前の表を保護します。
cli-help-gate-audit = 公表済みの表を監査し、秘匿された数値が公表値から計算できるかを調べます。
cli-help-gate-protect = 計算で破られない秘匿を施した表を書き出します。
cli-arg-paths = ブック（.xlsx）、CSVファイル、またはそれらのフォルダー
cli-arg-table = すべての数値を含む表のブックまたはCSVファイル
cli-arg-policy = 方針：ndb-open-dataなどの名称、またはTOMLファイル
cli-arg-layout = 表の様式を記述したTOMLファイル
cli-arg-report = 書き出すHTML報告書
cli-arg-reveal = 計算で求まる値も表示する
cli-arg-threads = スレッド数（結果はスレッド数によりません）
