# 一括取込と書き出し：ファイル、対応表、行、値、報告

import-file-unreadable = 入力ファイルを読み取れません
    .remedy = 場所と権限を確かめ、取込をやり直してください。
import-file-empty = 入力に行がありません
    .remedy = ファイルの指定と、内容が保存されていることを確かめてください。
import-file-utf16 = 入力がUTF-16で書かれています
    .remedy = 「CSV UTF-8」又はCP932（Shift_JIS）で保存し直してください。
import-file-too-many-rows = 入力の行数が上限（{ $limit }行）を超えています
    .remedy = ファイルを分け、順に取り込んでください。
import-encoding-unknown = 「{ $value }」は読み取れる文字コードではありません
    .remedy = utf-8 又は cp932 と書いてください。
import-kind-missing = どの台帳の記録かが示されていません
    .remedy = 台帳を指定するか、対応表に kind = "…" と書いてください。
import-kind-closed = 台帳「{ $kind }」は一人ひとりの記録のため、公開用の書き出しはありません
    .remedy = この台帳を名指しで任された人は、内部の欄を含めて書き出せます。
import-kind-unknown = 台帳「{ $kind }」はありません
    .remedy = 名称を確かめてください。最も近いものは「{ $nearest }」です。
import-source-missing = 元の番号がどのシステムのものかが示されていません
    .remedy = 元のシステムを指定するか、対応表に source = "…" と書いてください。
import-header-twice = 見出し行に列「{ $column }」が二つあります
    .remedy = 一方の列の名称を変えるか、列を除いてください。
import-header-no-key = 記録の番号（キー）の列がありません
    .remedy = source_key の列を加えるか、対応表の key = "…" に列名を書いてください。
import-disk-full = ディスクに空きがありません
    .remedy = 空きを作り、同じ取込をやり直してください。それまでに記録した内容は失われていません。
import-io = ディスク又はファイルシステムに障害が起きました
    .remedy = ディスクとシステムの記録を確かめ、同じ取込をやり直してください。
import-quarantine-unwritable = 受け付けなかった行の保管先に書き込めません
    .remedy = 保管先の権限と空き容量を確かめ、同じ取込をやり直してください。

# 対応表
import-mapping-syntax = 対応表のこの行はTOMLとして読み取れません
    .remedy = この行の引用符、括弧、等号を確かめてください。列名は二重引用符で囲みます。
import-mapping-too-long = 対応表が{ $limit }バイトを超えています
    .remedy = ファイルの指定を確かめてください。
import-mapping-unknown-key = 対応表に「{ $key }」という項目はありません
    .remedy = つづりを確かめてください。最も近いものは「{ $nearest }」です。
import-mapping-wrong-type = この項目には{ $expected ->
       *[text] 空でない文字
        [texts] 文字又は文字の一覧
        [table] 表
        [column] 列名又は列の説明の表
        [character] 一文字
        [number] 零以外の数
        [date-form] any、era、iso のいずれか
        [fiscal-year] 四桁の年度
    }を書きます
    .remedy = その形で値を書いてください。
import-mapping-delimiter = 列の区切りに使えない文字です
    .remedy = コンマ、セミコロン、タブ、縦線のいずれかを書いてください。
import-mapping-column-or-const = 値の出どころが定まりません
    .remedy = column = "…" と const = "…" のどちらか一方だけを書いてください。
import-mapping-column-absent = 入力に列「{ $column }」がありません
    .remedy = 入力の見出し行を確かめてください。最も近いものは「{ $nearest }」です。
import-mapping-other-kind = この対応表は台帳「{ $kind }」のものではありません
    .remedy = この台帳の対応表を使うか、別の台帳を指定してください。
import-mapping-unknown-field = 台帳「{ $kind }」に項目「{ $name }」はありません
    .remedy = つづりを確かめてください。最も近いものは「{ $nearest }」です。
import-mapping-unknown-code = 「{ $code }」は用語集「{ $vocabulary }」のコードではありません
    .remedy = 右辺には用語集のコードを書いてください。
import-mapping-does-not-fit = 項目「{ $field }」はこの書き方では取り込めません
    .remedy = .ja と .en は二か国語の文字の項目だけに、years は年度ごとの金額だけに使ってください。

# 行
import-row-encoding = 行が{ $encoding }で書かれていません
    .remedy = 一つの文字コードで保存し直すか、文字コードを指定してください。
import-row-nul = 行に文字 U+0000 が含まれています
    .remedy = 元のシステムから書き出し直してください。この箇所が壊れている可能性があります。
import-row-too-long = 行の長さが上限（{ $limit }バイト）を超えています
    .remedy = 改行の欠落や、閉じられていない引用符がないか確かめてください。
import-row-cell-too-long = 行の{ $column }番目の欄が上限（{ $limit }バイト）を超えています
    .remedy = 文字数を減らし、長い文書はウェブ上の所在を記録してください。
import-row-too-many-columns = 行の列数が上限（{ $limit }列）を超えています
    .remedy = 空の列を除くか、表を分けてください。
import-row-columns = 見出しは{ $expected }列ですが、この行には{ $found }欄あります
    .remedy = 区切り文字や改行を含む欄は二重引用符で囲んでください。
import-row-quote-open = 二重引用符が閉じられていません
    .remedy = 引用符を閉じてください。引用符の中の二重引用符は二つ重ねて書きます。
import-row-quote-stray = { $column }番目の欄の閉じ引用符の後に文字があります
    .remedy = 欄全体を二重引用符で囲み、中の二重引用符は二つ重ねて書いてください。
import-row-no-key = 行に元の番号（キー）がありません
    .remedy = 番号の列を埋めてください。番号がないと、同じ記録を次に見つけられません。
import-row-key-incomplete = 元の番号（キー）の一部が空です
    .remedy = 番号の列をすべて埋めてください。
import-row-key-too-long = 元の番号（キー）が{ $limit }字を超えています
    .remedy = 元のシステムの短い番号を使ってください。
import-row-same-key = { $second }行目は{ $first }行目と同じ記録について異なる内容を書いています
    .remedy = 正しい行を残し、もう一方を除いてください。
import-row-id-differs = 記録ID「{ $id }」は、この元の番号の記録IDではありません
    .remedy = 記録IDを空にするか、元の番号を直してください。
import-row-unknown-record = 変更する記録「{ $record }」がありません
    .remedy = 番号を確かめるか、先に記録を登録してください。
import-row-state-edited = 状態と効力は、書き出した列を書き換えても変わりません
    .remedy = 書き出した値に戻し、手続を action の列に書いてください。
import-row-fields-with-action = 手続「{ $action }」と同じ行で項目の値が変えられています
    .remedy = 訂正は別の行に分けるか、項目を空にしてください。
import-row-overtaken = 同じ記録についての、この入力の後の行がすでに記録されています
    .remedy = この行がなお正しければ、別のファイルに分けて取り込んでください。
import-action-unknown = 「{ $value }」という手続はありません
    .remedy = create、correct、withdraw、restore、duplicate、transition:名称 のいずれかを書くか、空にしてください。
import-duplicate-of-missing = どの記録の重複かが示されていません
    .remedy = duplicate_of に、元となる記録の記録ID又は元の番号を書いてください。
import-duplicate-of-not-asked = 手続 duplicate がないのに、重複の元となる記録が書かれています
    .remedy = action の列に duplicate と書くか、duplicate_of を空にしてください。
import-version-unreadable = 版が整数ではありません
    .remedy = 書き出したときの値に戻してください。
import-time-unreadable = 「{ $value }」は時刻として読めません
    .remedy = 2025-04-01T09:30:00+09:00 又は 2025-04-01 09:30 のように書いてください。
import-time-live-store = 実際の記録に登録時刻が指定されています
    .remedy = この列を除いてください。登録の時刻は元帳が記録します。
import-json-unreadable = 行の{ $column }文字目以降がJSONとして読み取れません
    .remedy = 一行に一つのJSONオブジェクトを書いてください。
import-json-not-an-object = 行はJSONですが、オブジェクトではありません
    .remedy = 記録を波括弧で囲み、項目ごとに一つのキーで書いてください。
import-json-key-twice = キー「{ $key }」が二つあります
    .remedy = 一方を除いてください。
import-json-inexact-number = 「{ $value }」はJSONの数として保てる桁数を超えています
    .remedy = 数を二重引用符で囲んでください。

# 値
import-number-unreadable = 「{ $value }」は数として読めません
    .remedy = 数字で書いてください。三桁ごとの区切りは使えますが、単位は付けません。
import-number-fraction = 「{ $value }」は整数ではありません
    .remedy = 整数で書いてください。千円単位などの列には、対応表の times を使います。
import-number-too-large = 「{ $value }」は大きすぎます
    .remedy = 桁数と単位を確かめてください。
import-bool-unreadable = 「{ $value }」は「はい」とも「いいえ」とも読めません
    .remedy = true／false、1／0、はい／いいえ、○／× のいずれかを書いてください。
import-date-form = 「{ $value }」は{ $form ->
        [era] 元号付きの
       *[iso] 年-月-日の形の
    }日付ではありません
    .remedy = 対応表が求める形で書くか、対応表でどの形も認めてください。
import-reference-unreadable = 「{ $value }」は記録を指していません
    .remedy = 記録ID、又は「システム名:番号」を書いてください。
import-year-amount-unreadable = 「{ $value }」は年度と金額の組として読めません
    .remedy = 2025:1000000 のように、年度、コロン、円単位の整数を書いてください。複数あるときはセミコロンで区切ります。
import-code-unknown = 「{ $value }」は用語集「{ $vocabulary }」のコードでも名称でもありません
    .remedy = 近いコード：{ $nearest }。対応表の codes で読み替えることもできます。
import-code-ambiguous = 「{ $value }」は複数のコードの名称です：{ $codes }
    .remedy = 名称の代わりにコードを書いてください。
import-code-no-vocabulary = パックに用語集「{ $vocabulary }」がありません
    .remedy = 用語集をパックに加えてください。用語集がないとコードを確かめられません。

# 書き出し
export-unwritable = 書き出し先に書き込めません
    .remedy = 権限と空き容量を確かめ、書き出しをやり直してください。

# 報告
import-progress = { $rows }行、うち保留{ $quarantined }行
import-report-dry-run = 試行のため、何も書き込んでいません
import-report-resumed = { $row }行目の次から再開しました
import-report-rows = 読み取った行：{ $count }
import-report-created = 新たに登録した記録：{ $count }
import-report-corrected = 訂正した記録：{ $count }
import-report-stepped = 手続、取下げ、重複の指定：{ $count }
import-report-unchanged = 変更なし：{ $count }
import-report-repeated = 前の行と同じ行：{ $count }
import-report-quarantined = 保留した行：{ $count }
import-report-blank = 読み飛ばした空行：{ $count }
import-report-unmapped = どの項目にも取り込まれなかった列：{ $columns }
import-report-unfed = 列のない必須項目：{ $fields }
import-report-dangling = 項目「{ $field }」が指す記録のうち、（まだ）存在しないもの：{ $count }
import-report-dangling-incomplete = 参照が多いため、すべては確かめていません
import-report-state-not-carried = 新たに登録した記録のうち、最初の状態で効力のあるものとして登録したもの：{ $count }（書き出した行の状態と効力は引き継ぎません）
import-report-quarantine = 保留した行と理由：{ $directory }

# 行政事業レビューシート
import-review-none = 行政事業レビューシートが見つかりません
    .remedy = JSONのシートがあるディレクトリか、そのtar（.tar、.tar.zst）を指定してください。
import-review-archive = シートの書庫を読み取れません
    .remedy = 書庫が壊れていないか確かめ、tarまたはtar.zstを指定してください。
import-review-too-large = シートが{ $sheets }件、または全体で{ $gigabytes }GBを超えています
    .remedy = 年度ごとに分けて取り込んでください。
import-review-json = シートをJSONとして読み取れません（{ $line }行目）
    .remedy = 元のシートを取り直し、取込みをもう一度始めてください。
import-review-missing = 「{ $field }」がありません
    .remedy = 公表されたシートと照らし合わせ、項目を補ってください。
import-review-number-year = シート番号「{ $number }」の年が公開年度{ $year }と異なります
    .remedy = 公表されたシートで番号と公開年度を確かめ、どちらかを直してください。
import-review-number-twice = シート番号「{ $number }」は「{ $other }」でも使われています
    .remedy = どちらの番号が正しいかを、公表されたシートで確かめてください。
import-review-year = 「{ $field }」の{ $year }は{ $first }年から{ $last }年までの範囲にありません
    .remedy = 西暦の年度を四桁で書いてください。
import-review-year-twice = { $year }年度の「{ $field }」が二つあります
    .remedy = 公表されたシートの額を一つだけ残してください。
import-review-money = 「{ $value }」は百万円を単位とする額として読めません
    .remedy = 公表されたシートの額を、百万円を単位とする数で書いてください。
import-report-review-sheets = シート：{ $n }
import-report-review-created = 新しい事業となったシート：{ $n }
import-report-review-versions = 事業の新しい版となったシート：{ $n }
import-report-review-unchanged = 変わらなかったシート：{ $n }
import-report-review-quarantined = 保留したシート：{ $n }
import-report-review-payments = 記録した支出：{ $n }
import-report-review-numbers = 支出先の法人番号：正しいもの{ $valid }、記載のないもの{ $missing }、正しくないもの{ $invalid }

# 施策と予算事業の対応
import-link-grounds = 判断の理由がありません
    .remedy = 対応する、又は対応しないと判断した理由を書いてください。

# OpenAlex形式の論文
import-openalex-json = { $line }行目を論文の記録として読み取れません
    .remedy = OpenAlexのworksを、1行に1件のJSON（NDJSON）で与えてください。
import-openalex-field = 分野が示されていないか、「{ $field }」は対応する分野のない区分です
    .remedy = 分野のある論文だけを与えるか、分野の対応を補ってください。
import-openalex-date = 出版日「{ $value }」を日付として読めません
    .remedy = 出版日をYYYY-MM-DDの形で書いてください。
import-openalex-twice = 同じ論文「{ $id }」が二度あります
    .remedy = 論文ごとに一行だけ残してください。
import-openalex-retracted = 撤回された論文です
    .remedy = 数えない論文なので、対応は不要です。
import-openalex-type = 「{ $type }」は数える種類の文献ではありません
    .remedy = 数えるのは原著（article）と総説（review）です。対応は不要です。
import-consent-unreadable = JSON 形式の FHIR Consent ではありません
    .remedy = ファイルが欠けていないか確かめてください。1リソースは4 MiB、バンドルは256 MiBまでです。
import-consent-element = 要素「{ $element }」は解釈できず、除くと意思の内容が変わるおそれがあります
    .remedy = 手で入力するか、送信元のシステムでこの要素を外してください。
import-consent-status = status が proposed、active、inactive のいずれでもありません
    .remedy = 下書き、却下、誤記録の Consent は意思表示ではありません。書き出しから除いてください。
import-consent-scope = scope が patient-privacy ではありません
    .remedy = 個別の研究への参加や治療の同意は、記録の利用についての意思表示ではありません。除いてください。
import-consent-category = category が記録の利用についての同意のものではありません
    .remedy = LOINC 59284-0 又は v3-ActCode の IDSCL を使ってください。
import-consent-patient = 患者の参照がこのデータセットの患者を指していません
    .remedy = Patient/123 のように、記録と同じ参照を書いてください。通知の一覧には、斜線の後の部分を書きます。
import-consent-day = 日がないか、年月日がそろっていません
    .remedy = 2025-04-01 のように年月日を書いてください。
import-consent-performer = 誰の意思表示か分かりません
    .remedy = performer を一つにし、本人か、関係が GUARD 又は FAMMEMB の RelatedPerson を contained で示してください。
import-consent-provision = Consent の規則が明らかではありません
    .remedy = permit 又は deny を最上位と各例外に一つずつ書いてください。例外は元の範囲内とし、例外の例外は書けません。
import-consent-purpose = 目的を解釈できません
    .remedy = v3-ActReason の HRESCH、PUBHLTH、TRAIN か、urn:shirube:use-purpose で台帳のコードを使ってください。
import-consent-actor = 提供先を解釈できません
    .remedy = 役割を IRCP とし、urn:shirube:recipient-class の識別子で提供先の区分を示してください。
import-consent-withdrawal = 撤回の状態と、撤回の日及び撤回した人が合っていません
    .remedy = 拡張 urn:shirube:withdrawal で両方を送るか、撤回を手で入力してください。
import-consent-id = Consent に id も一つの identifier もありません
    .remedy = これがないと同じ Consent が二度登録されます。id を付けてください。
import-consent-code = 知られていないコードがあります
    .remedy = パックの用語集と見比べてください。
import-consent-backwards = 台帳の意思表示は、この Consent より先の状態です
    .remedy = 有効又は撤回済みの意思表示は戻せません。新しい id で新しい意思表示として送ってください。
import-consent-columns = 通知の一覧の列ではありません
    .remedy = 1行目に id、text_version、method、given_on、recipient と、必要なら waiting_until を書いてください。
import-consent-row = 行のセルの数が1行目と合いません
    .remedy = 1行目と見比べてください。
