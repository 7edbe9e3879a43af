"""What a report says of each finding code, in both languages: enough for pictures and tests."""

from schemas.texts import Language

# code: (title, what, next step, owner), zh then en
_TEXTS = {
    "D01": (
        ("待录入", "该批次已结束，3人尚未录入线上系统。", "在期限内完成录入。", "组织单位"),
        ("Not yet entered", "The batch has ended; 3 people are not online yet.", "Enter them in time.", "organiser"),
    ),
    "D02": (
        ("逾期未录入", "已过5日期限，仍有2人未录入线上系统。", "立即录入，并向市总说明原因。", "组织单位"),
        ("Overdue", "The five days are over; 2 people are not online.", "Enter them now and say why.", "organiser"),
    ),
    "D03": (
        ("仅线上有", "线上有此人，线下实名制汇总表中没有。", "核实是否参加；未参加的在线上删除。", "组织单位"),
        ("Only online", "Online has this person, the roster has not.", "Find out whether they took part.", "organiser"),
    ),
    "D04": (
        ("字段不一致", "线上线下登记的内容不一致。", "以实际情况为准，改正错的一侧。", "组织单位"),
        ("A field differs", "Both sides hold different values.", "Correct the side that is wrong.", "organiser"),
    ),
    "D05": (
        ("疑似证件号录错", "两侧姓名、单位相同，证件号相差一位。", "对照证件原件核对。", "组织单位"),
        ("Probably mistyped", "Same name and unit, one digit apart.", "Compare with the document.", "organiser"),
    ),
    "D06": (
        ("多个候选", "线上证件号已脱敏，有2人都可能对应。", "人工确认对应关系。", "区市总工会"),
        ("Several candidates", "The id is masked online; two people fit.", "Decide which one it is.", "district"),
    ),
    "D07": (
        ("线下重复", "同一批次的汇总表中此人出现两次。", "删除重复的一行。", "组织单位"),
        ("Twice offline", "The roster names this person twice.", "Delete one of the rows.", "organiser"),
    ),
    "D08": (
        ("线上重复", "线上同一批次中此人出现两次。", "在线上删除重复的一条。", "组织单位"),
        ("Twice online", "The portal holds this person twice.", "Delete one of them online.", "organiser"),
    ),
    "D09": (
        ("年度内重复参加", "此人本年度已参加另一批次。", "核实后保留一次。", "区市总工会"),
        ("Twice in the year", "This person took part in another batch.", "Keep one of the two.", "district"),
    ),
    "D10": (
        ("批次信息不一致", "两侧登记的结束日期和人数不一致。", "核对批次通知，改正错的一侧。", "组织单位"),
        ("Batch facts differ", "End date and head count differ.", "Compare with the notice.", "organiser"),
    ),
    "D11": (
        ("归属不符", "此人登记在其他单位名下。", "核实所在单位。", "区市总工会"),
        ("Belongs elsewhere", "Entered under another unit.", "Find out the right unit.", "district"),
    ),
    "D12": (
        ("金额不一致", "两侧登记的补助金额不一致。", "对照拨付凭证核对。", "财务"),
        ("Money differs", "The two sides state different amounts.", "Compare with the voucher.", "accounts"),
    ),
    "D13": (
        ("汇总与名册不符", "单位汇总表58人，实名制汇总表57人。", "补齐或更正。", "组织单位"),
        ("Summary and roster differ", "Summary 58, roster 57.", "Complete or correct.", "organiser"),
    ),
    "D14": (
        ("不符合政策", "跨省批次8天，一般不超过7天。", "补充说明或调整。", "市总工会"),
        ("Against the policy", "8 days across provinces; at most 7 as a rule.", "Explain or change.", "city"),
    ),
    "D15": (
        ("提交结果未知", "提交后未收到线上系统的答复。", "等待系统自动核实；仍未知的请人工查询。", "运维"),
        ("Outcome unknown", "The portal did not answer.", "Wait for the next look; then ask.", "operator"),
    ),
    "D16": (
        ("线上已改动", "上次核对一致后，线上被人改动。", "核实改动是否正确。", "组织单位"),
        ("Changed online", "Changed online after agreement.", "Find out whether that is right.", "organiser"),
    ),
    "D17": (
        ("线下已改动", "上次核对一致后，线下汇总表被改动。", "批次已复核，请联系市总退回后更正。", "组织单位"),
        ("Changed offline", "The roster changed after agreement.", "Ask for the batch to be sent back.", "organiser"),
    ),
    "D18": (
        ("不归我报", "外市职工6人，由所在市上报。", "", ""),
        ("Not ours", "6 guests of other cities, reported there.", "", ""),
    ),
    "D19": (
        ("表格或字段变动", "汇总表新增一列“所属行业”，未用于上报。", "", ""),
        ("Template changed", "A new column “industry” is not used.", "", ""),
    ),
    "D20": (
        ("数据量异常", "本日新增行数为平日的4倍。", "", ""),
        ("Unusual volume", "Four times as many new rows as usual.", "", ""),
    ),
    "D21": (
        ("待复核", "录入已完成，尚未复核。", "登录线上系统完成复核。", "区市总工会"),
        ("Review outstanding", "Entered, not reviewed yet.", "Review it in the portal.", "district"),
    ),
    "D22": (
        ("数据行损坏", "证件号以数字格式保存，末三位已丢失。", "将该列设为文本格式后重新填写。", "填表人"),
        ("Damaged row", "The id was kept as a number: its last digits are lost.", "Type it again as text.", "author"),
    ),
}


def texts_of(code: str, language: Language) -> tuple[str, str, str, str]:
    zh, en = _TEXTS[code]
    return zh if language is Language.ZH_CN else en


CODES = tuple(_TEXTS)
