"""Tells an entry as one sentence, in the reader's language. Prose is made when it is read and never stored.

A kind has one pattern a language: pieces between "|", of which a piece is left out when something it speaks of is not
known. An unknown kind gets a plain sentence, never an error: old records outlive the program that wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incident.domain.address import called

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Names = Mapping[str, Mapping[str, Any]]

# kind: (Vietnamese, English)
PATTERNS: dict[str, tuple[str, str]] = {
    # the course of the run
    "step_started": (
        "Bắt đầu: {step}|, giao {people}|, hạn {due}",
        "Begun: {step}|, given to {people}|, due {due}",
    ),
    "step_done": ("Xong: {step}|, kết quả: {result}", "Done: {step}|, result: {result}"),
    "step_not_needed": ("Không cần: {step}", "Not needed: {step}"),
    "step_skipped": ("Bỏ qua: {step}|, lý do: {reason}", "Skipped: {step}|, reason: {reason}"),
    "step_redone": ("Làm lại: {step}|, lý do: {reason}", "To be done again: {step}|, reason: {reason}"),
    "step_overdue": ("Quá hạn: {step}|, báo {to}", "Overdue: {step}|, told: {to}"),
    "step_stuck": ("Quá hạn, chưa có người xử lý: {step}", "Overdue and nobody acts: {step}"),
    "stand_in_asked": (
        "Mời {person} tham gia| thay {instead_of}| ({step_in_short})",
        "{person} asked to stand in| for {instead_of}| ({step_in_short})",
    ),
    "approvals_voided": (
        "Nội dung đã sửa, các lần duyệt trước không còn hiệu lực| ({step})",
        "The text was edited; earlier approvals no longer count| ({step})",
    ),
    "publish_withdrawn": (
        "Dừng công bố, chờ duyệt lại| ({step})",
        "Publication held until approved again| ({step})",
    ),
    "deadline_set": ("Đặt hạn: {deadline}, {due_or_none}", "Deadline set: {deadline}, {due_or_none}"),
    "deadline_set_none": (
        "Không còn hạn: {deadline}|, vì không còn việc phải làm cho hạn này",
        "No deadline any more: {deadline}|, as nothing is left to do for it",
    ),
    "deadline_warned": ("Sắp đến hạn: {deadline}|, còn {left}", "Deadline near: {deadline}|, {left} left"),
    "deadline_met": ("Đúng hạn: {deadline}|, lúc {at}| (hạn {due})", "Deadline met: {deadline}|, {at}| (due {due})"),
    "deadline_met_late": (
        "Hoàn thành sau hạn: {deadline}|, lúc {at}| (hạn {due})",
        "Done after the deadline: {deadline}|, {at}| (due {due})",
    ),
    "deadline_missed": ("Đã quá hạn: {deadline}| (hạn {due})", "Deadline missed: {deadline}| (due {due})"),
    "role_holder_changed": ("Đảm nhiệm {role}: {people_or_none}", "Now {role}: {people_or_none}"),
    "nobody_to_ask": (
        "Không có người đảm nhiệm và người thay để hỏi| ({step})|: {role}",
        "Neither holder nor stand-in can be asked| ({step})|: {role}",
    ),
    "run_finished": (
        "Các bước của kịch bản đã xong; vụ việc chờ người kết thúc",
        "Every step has ended; the incident waits for a person to close it",
    ),
    # opening
    "incident_opened": (
        "Mở vụ việc| {number}|: {title}|, cấp độ {level}",
        "Incident opened|: {number}|, {title}|, level {level}",
    ),
    "leader_informed": (
        "Đã báo cáo {leader}| lúc {at}|: {text}",
        "{leader} informed| at {at}|: {text}",
    ),
    "leader_not_reached": (
        "Chưa liên lạc được {leader}, báo cáo sau|: {text}",
        "{leader} not reached yet, to be informed later|: {text}",
    ),
    "left_out": ("Không báo khi mở: {people}|, lý do: {reason}", "Not called at the opening: {people}|, reason: {reason}"),
    "called_after_all": ("Mời lại {person}, người chưa được báo khi mở", "{person}, left out at the opening, called after all"),
    "held": (
        "Chỉ báo lãnh đạo trực; Tổ công tác chờ báo sau",
        "Only the leader on duty is told; the task force waits",
    ),
    "called_out": ("Báo Tổ công tác", "The task force is called out"),
    "told_apart": ("Đã xem, là việc khác với {incidents}", "Seen and found another matter than {incidents}"),
    "sending_stopped": (
        "DỪNG GỬI: đã gửi đi {gone} tin|, {calling} tin đang gửi có thể vẫn đến|, dừng {stopped} tin|; lý do: {reason}",
        "SENDING STOPPED: {gone} sent|, {calling} under way may still arrive|, {stopped} stopped|; reason: {reason}",
    ),
    "sending_resumed": ("Tiếp tục gửi: {sent} tin đã dừng được gửi tiếp", "Sending goes on: {sent} stopped messages are sent"),
    "link_opened": ("{who} đã mở liên kết", "{who} opened the link"),
    # asking and answering
    "asked": ("Đã báo {people_or_who}|, chờ trả lời| ({step})", "{people_or_who} asked| ({step})"),
    "mailing_sent": ("Gửi thông báo đến {count} nơi nhận| ({step})", "Notice sent to {count} recipients| ({step})"),
    "acknowledged": (
        "{who} đã nhận|, {via}|, sau {after}|, {late}|: {reason}",
        "{who} acknowledged|, {via}|, after {after}|, {late}|: {reason}",
    ),
    "declined": ("{who} báo bận|, {via}|: {reason}", "{who} declined|, {via}|: {reason}"),
    "channel_hop": (
        "Chuyển cách báo cho {person}: từ {from_channel} sang {to_channel}|, {why}",
        "{person} is tried on another channel: from {from_channel} to {to_channel}|, {why}",
    ),
    "call_heard": (
        "Người nghe máy của {person} bấm phím {key} trong cuộc gọi tự động: {heard}| ({step_in_short})",
        "Who picked up the phone of {person} pressed {key} in the automatic call: {heard}| ({step_in_short})",
    ),
    "unreachable": ("Không liên lạc được {who}|: {reason}", "{who} cannot be reached|: {reason}"),
    "wrong_number": (
        "Nhầm số: {who}, đã ngừng gửi tới số này",
        "Wrong number for {who}; nothing more is sent to it",
    ),
    "opted_out": ("{who} từ chối nhận tin nhắn, cần gọi điện", "{who} opted out of messages; call instead"),
    "disputed": (
        "{who} báo không phải mình đã trả lời|: {text}",
        "{who} says the answer was not theirs|: {text}",
    ),
    "reply_unclear": (
        "Trả lời chưa rõ của {who}, cán bộ trực cần xem|: {text}",
        "Unclear reply of {who}, the duty officer must look|: {text}",
    ),
    "reply_flood": (
        "Quá nhiều tin từ số của {who}, hệ thống không đọc hết, cán bộ trực cần xem|: {text}",
        "Too many messages from the number of {who}; not all are read, the duty officer must look|: {text}",
    ),
    "reply_unknown": (
        "Có trả lời từ số chưa có trong danh bạ|: {text}",
        "A reply from a number not in the directory|: {text}",
    ),
    "reply_decided": (
        "Đã xem trả lời của {who}|: {means}|: {text}",
        "The reply of {who} was read|: {means}|: {text}",
    ),
    "answered": ("{question}|: {choice}| ({who})|, {reason}", "{question}|: {choice}| ({who})|, {reason}"),
    "ticked": ("Đã làm: {step}|, mục {items}| ({person})", "Done in {step}|, items {items}| ({person})"),
    "proof_added": ("Bổ sung minh chứng: {step}|: {text}", "Proof added: {step}|: {text}"),
    # statements
    "drafted": ("Đã có dự thảo| {statement}", "Draft made|: {statement}"),
    "edited": ("Đã sửa dự thảo| {statement}| ({person})", "Draft edited|: {statement}| ({person})"),
    "submitted": (
        "Đã trình| {statement}|, bản {revision}|, mã {code}",
        "Submitted|: {statement}|, revision {revision}|, code {code}",
    ),
    "approved": (
        "{who} đã duyệt| {statement}|, bản {revision}|, mã {code}|, {via}|, người ghi {recorded_by}|: {words}",
        "{who} approved| {statement}|, revision {revision}|, code {code}|, {via}|, written down by {recorded_by}|: {words}",
    ),
    "approval_confirmed": (
        "{who} xác nhận đã duyệt qua điện thoại| {statement}|, bản {revision}|, {via}",
        "{who} confirmed the approval by phone| of {statement}|, revision {revision}|, {via}",
    ),
    "approval_disputed": (
        "{who} báo không duyệt qua điện thoại| {statement}|, bản {revision}|, {via}|: {text}",
        "{who} says the approval by phone was not theirs| ({statement}|, revision {revision})|, {via}|: {text}",
    ),
    "approval_withdrawn": (
        "Lần duyệt qua điện thoại không còn hiệu lực, chờ {person} duyệt lại| ({step})",
        "The approval by phone no longer counts; waiting for {person}| ({step})",
    ),
    "approval_skipped": (
        "{who} cho công bố khi CHƯA DUYỆT| {statement}|, bản {revision}|, mã {code}|, lý do: {reason}",
        "{who} lets go NOT APPROVED| {statement}|, revision {revision}|, code {code}|, reason: {reason}",
    ),
    "approval_link_sent": (
        "Gửi lại liên kết duyệt cho {who}|, bản {revision}",
        "Link for the approval sent again to {who}|, revision {revision}",
    ),
    "returned": (
        "{who} trả lại| {statement}|, bản {revision}|: {reason}",
        "{who} returned| {statement}|, revision {revision}|: {reason}",
    ),
    "release_decided": (
        "{who} quyết định công bố| {statement}|, bản {revision}",
        "{who} decided to release| {statement}|, revision {revision}",
    ),
    "released": (
        "Đã công bố| {statement}|, {channel}|, lúc {released_at}|, {pretended}|: {link}",
        "Released| {statement}|, {channel}|, {released_at}|, {pretended}|: {link}",
    ),
    "corrected": ("Đã đính chính| {statement}|: {reason}", "Corrected| {statement}|: {reason}"),
    "correction_opened": (
        "Mở bản đính chính| {statement}|: {reason}",
        "Correction begun|: {statement}|: {reason}",
    ),
    "withdrawn": (
        "Đã gỡ| {statement}|, {channels}|, lúc {taken_down_at}|, lý do: {reason}",
        "Taken down| {statement}|, {channels}|, {taken_down_at}|, reason: {reason}",
    ),
    "release_link_corrected": (
        "Sửa đường dẫn công bố| {statement}|, {channel}|: {link}|, trước đó ghi {before}|, lý do: {reason}",
        "Address of a release mended| {statement}|, {channel}|: {link}|, before: {before}|, reason: {reason}",
    ),
    # what people write and decide
    "note": ("Ghi diễn biến|: {text}", "Note|: {text}"),
    "directive": ("Ý kiến chỉ đạo| của {person}|: {text}", "Instruction| of {person}|: {text}"),
    "call_recorded": ("Ghi cuộc gọi| với {person}|: {text}", "Call recorded| with {person}|: {text}"),
    "call_recorded.no_answer": ("Gọi {person}: không nghe máy|: {text}", "{person} called, no answer|: {text}"),
    "call_recorded.off": ("Gọi {person}: thuê bao, tắt máy|: {text}", "{person} called, phone off|: {text}"),
    "call_recorded.someone_else": (
        "Gọi {person}: người khác nghe máy|: {text}",
        "{person} called, somebody else picked up|: {text}",
    ),
    "call_recorded.sent_another": (
        "{person} báo bận, cử {instead} tham gia thay|: {reason}",
        "{person} declined and sends {instead}|: {reason}",
    ),
    "call_undone": (
        "Hoàn tác, ghi nhầm| về {person}|: {call_outcome}",
        "Taken back, recorded by mistake| of {person}|: {call_outcome}",
    ),
    "person_invited": ("Mời thêm {person}", "{person} asked to join"),
    "role_changed": (
        "Đổi người giữ vai {role}: {person}|, lý do: {reason}",
        "{role} is now {person}|, reason: {reason}",
    ),
    "late_answer_settled": (
        "Chuyển lại cho {person}|, thôi mời {instead} tham gia thay",
        "The place is given back to {person}|, {instead} no longer stands in",
    ),
    "late_answer_settled.keep": (
        "{person} trả lời muộn; giữ {instead} tham gia thay",
        "{person} answered late; {instead} keeps standing in",
    ),
    "level_changed": (
        "Đổi cấp độ| từ {before}| thành {level}|, lý do: {reason}",
        "Level changed| from {before}| to {level}|, reason: {reason}",
    ),
    "playbook_revised": (
        "Đổi kịch bản| từ phiên bản {before}| sang phiên bản {version}|, lý do: {reason}",
        "Playbook changed| from version {before}| to version {version}|, reason: {reason}",
    ),
    "facts_changed": ("Sửa thông tin vụ việc|: {fields}|, lý do: {reason}", "Facts changed|: {fields}|: {reason}"),
    "kinds_set": (
        "Xác định vụ việc thuộc: {kinds_or_none}|, lý do: {reason}",
        "Kinds of the incident: {kinds_or_none}|, reason: {reason}",
    ),
    "paused": ("Tạm dừng nhắc| đến {until}|, lý do: {reason}", "Reminders paused| until {until}|, reason: {reason}"),
    "resumed": ("Tiếp tục nhắc|: {reason}", "Reminders resumed|: {reason}"),
    "closed": ("Kết thúc xử lý|, {outcome}|: {reason}", "Closed|, {outcome}|: {reason}"),
    "reopened": ("Mở lại vụ việc|, lý do: {reason}", "Reopened|, reason: {reason}"),
    "merged_into": (
        "Gộp vào vụ việc {number}|; thời hạn dừng lại: {clocks}|; lý do: {reason}",
        "Became part of incident {number}|; deadlines that end: {clocks}|; reason: {reason}",
    ),
    "merged_in": (
        "Gộp vụ việc {number} vào đây: {moved}|; thời hạn dừng lại: {clocks}|; lý do: {reason}",
        "Incident {number} became part of this one: {moved}|; deadlines that end: {clocks}|; reason: {reason}",
    ),
    "merge_told": (
        "Đã báo việc gộp vụ việc {code} đến {count} người",
        "{count} people told that incident {code} is part of this one",
    ),
    "handed_over": (
        "Chuyển {body} chủ trì| từ {at}|, {paper}|; giữ lại: {kept}|; lý do: {reason}",
        "{body} has the lead| from {at}|, {paper}|; kept here: {kept}|; reason: {reason}",
    ),
    "taken_back": (
        "Nhận lại, tiếp tục chủ trì| ({body} chủ trì từ {at})|, lý do: {reason}",
        "The lead is ours again| ({body} had it from {at})|, reason: {reason}",
    ),
    "handed_told": (
        "Đã báo việc chuyển cơ quan chủ trì đến {count} người",
        "{count} people told who has the lead",
    ),
    "deadline_handed_over": (
        "Thời hạn chuyển cùng cơ quan chủ trì: {deadline}|, lúc {at}| (hạn {due})",
        "Deadline goes with the lead: {deadline}|, {at}| (due {due})",
    ),
    "deadline_taken_back": (
        "Tiếp tục tính thời hạn: {deadline}| (hạn {due})",
        "Deadline counted here again: {deadline}| (due {due})",
    ),
    "duty_changed": ("Bàn giao ca trực| cho {people_or_who}", "Duty handed over| to {people_or_who}"),
    "shift_handed_over": (
        "{person} bàn giao ca trực| cho {incoming}",
        "{person} handed over the shift| to {incoming}",
    ),
    "shift_accepted": (
        "{person} đã nhận bàn giao ca trực| từ {outgoing}|, {via}",
        "{person} took over the shift| from {outgoing}|, {via}",
    ),
    "shift_not_accepted": (
        "Quá 30 phút sau khi đổi ca, {person} chưa nhận bàn giao|, {outgoing} vẫn chịu trách nhiệm",
        "30 minutes after the shift changed {person} has not taken over|, {outgoing} stays responsible",
    ),
    "press_asked": (
        "Báo chí hỏi| (câu {n})|: {outlet}|, trả lời trước {due}",
        "Question of the press| ({n})|: {outlet}|, answer wanted by {due}",
    ),
    "press_taken": (
        "{person} trả lời câu hỏi {n} của {outlet}",
        "{person} takes question {n} of {outlet}",
    ),
    "press_answered": (
        "Đã trả lời câu hỏi {n} của {outlet}|, lúc {at}|, {after_deadline}|: {link}",
        "Question {n} of {outlet} answered|, {at}|, {after_deadline}|: {link}",
    ),
    "press_refused": (
        "Từ chối trả lời câu hỏi {n} của {outlet}|: {reason}",
        "Question {n} of {outlet} refused|: {reason}",
    ),
    "press_due_soon": (
        "Sắp đến hạn trả lời câu hỏi {n} của {outlet}|, hạn {due}",
        "Answer to question {n} of {outlet} due soon|, by {due}",
    ),
    # drills
    "inject_given": (
        "Tình huống bổ sung {inject}| ({inject_kind})|, đến {people}|: {text}",
        "Inject {inject}| ({inject_kind})|, to {people}|: {text}",
    ),
    "inject_followed_up": (
        "Nhắc tình huống {inject}|, đến {people}|: {text}",
        "Inject {inject} followed up|, to {people}|: {text}",
    ),
    "inject_skipped": ("Bỏ qua tình huống {inject}|, lý do: {reason}", "Inject {inject} left out|, reason: {reason}"),
    "drill_clock": (
        "Đồng hồ diễn tập: {drill_clock}, lúc phút thứ {drill_minute}",
        "Clock of the drill: {drill_clock}, at minute {drill_minute}",
    ),
    "drill_remark": ("Người đánh giá ghi nhận xét", "An evaluator wrote a remark"),
    "participant_added": ("Thêm {person} tham gia diễn tập", "{person} takes part in the drill"),
    "controller_added": ("Thêm người điều phối diễn tập|: {name}", "Controller of the drill added|: {name}"),
    "drill_stopped": (
        "DỪNG DIỄN TẬP – CÓ SỰ CỐ THẬT|: báo {count} người|, dừng {stopped} tin chưa gửi",
        "DRILL STOPPED, A REAL INCIDENT|: {count} people told|, {stopped} messages stopped",
    ),
    "group_told": (
        "Đã gửi nội dung vào nhóm Zalo (tính đến {at})",
        "Text put into the Zalo group (as of {at})",
    ),
    "override.skip": ("Cho bỏ qua: {step}|, lý do: {reason}", "Skipping decided: {step}|, reason: {reason}"),
    "override.redo": ("Cho làm lại: {step}|, lý do: {reason}", "Redoing decided: {step}|, reason: {reason}"),
    "stood_down": ("Đã báo kết thúc đến {count} người", "{count} people told that it has ended"),
    "reassigned": (
        "Chuyển việc {step}| cho {person}|, lý do: {reason}",
        "{step} given| to {person}|, reason: {reason}",
    ),
    "step_added": (
        "Thêm việc: {title}|, giao {person}|, trước {due}|, lý do: {reason}",
        "Task added: {title}|, given to {person}|, due {due}|, reason: {reason}",
    ),
    "contact_corrected": (
        "Sửa số của {who}|, {again}",
        "Number of {who} corrected|, {again}",
    ),
    "text_masked": (
        "Đã che phần văn bản của mục {seq}|, lý do: {reason}",
        "Text of entry {seq} masked|, reason: {reason}",
    ),
    # delivery, as far as it belongs on the record
    "delivery_failed": (
        "Không gửi được đến {who}|, {channel}| (mã {code})",
        "Could not be sent to {who}|, {channel}| (code {code})",
    ),
    "message_refused": (
        "CHẶN, không gửi| {count} tin|, {channel}|, đến {people}|: {why_refused}",
        "BLOCKED, not sent|: {count} messages|, {channel}|, to {people}|: {why_refused}",
    ),
    "delivery_unknown_decided": (
        "Đã quyết định về tin chưa rõ kết quả gửi|: {decision}| ({count} tin)",
        "Decided on messages of unknown outcome|: {decision}| ({count})",
    ),
    "delivery_summary": (
        "Tổng kết gửi tin|: {sent} tin đã gửi|, nhà mạng báo đã chuyển {delivered}|, không gửi được {failed}|, chưa rõ {unknown}",
        "Messages|: {sent} sent|, {delivered} reported delivered|, {failed} failed|, {unknown} unknown",
    ),
    # the report
    "report_section_written": ("Đã viết phần báo cáo| {section}", "Report section written|: {section}"),
    "improvement_added": ("Thêm việc cần cải tiến|: {text}", "Improvement added|: {text}"),
    "improvement_done": ("Đã xong một việc cần cải tiến|: {text}", "An improvement is done|: {text}"),
    # the system's own chain
    "signed_in": ("{who} đăng nhập", "{who} signed in"),
    "sign_in_failed": ("Đăng nhập không thành công| ({account})", "Sign-in failed| ({account})"),
    "webhook_refused": ("Từ chối dữ liệu gửi đến| {path}|: {reason}", "Webhook refused| {path}|: {reason}"),
    "token_created": ("Tạo mã truy cập API| {name}|, vai trò {account_role}", "API token created|: {name}|, role {account_role}"),
    "migrated": ("Nâng cấp cơ sở dữ liệu| lên {revision}", "Database migrated| to {revision}"),
    "account_added": (
        "Thêm tài khoản {account}|, vai trò {account_role}",
        "Account {account} added|, role {account_role}",
    ),
    "account_disabled": ("Khóa tài khoản {account}", "Account {account} disabled"),
    "account_reset": ("Đặt lại tài khoản {account}", "Account {account} reset"),
    "clock_silent": ("Đồng hồ của hệ thống không chạy", "The clock is silent"),
    "no_sms_carrier": ("Không có nhà mạng gửi SMS", "No carrier for SMS"),
    "triggers_missing": ("Cơ sở dữ liệu thiếu khóa bảo vệ nhật ký", "The guards of the record are missing"),
    "carrier_held": (
        "Tạm dừng nhà mạng| {carrier}|, lý do: {reason}",
        "Carrier put on hold|: {carrier}|, reason: {reason}",
    ),
    "carrier_let_go": ("Cho dùng lại nhà mạng| {carrier}", "Carrier let go again|: {carrier}"),
    "carrier_resumed": ("Dùng lại nhà mạng| {carrier}", "Carrier in use again|: {carrier}"),
    "carrier_paused": (
        "Tạm dừng nhà mạng| {carrier}|: {reason}|, chuyển sang {next}",
        "Carrier paused|: {carrier}|: {reason}|, {next} takes over",
    ),
    "carrier_switched": (
        "Chuyển đường gửi tin từ {carrier} sang {next}|: {cause}",
        "Messages go by {next} instead of {carrier}|: {cause}",
    ),
    "directory_imported": (
        "Nhập danh bạ| ({sheet})|: thêm {added}|, sửa {changed}",
        "Directory imported| ({sheet})|: {added} added|, {changed} changed",
    ),
    "playbook_begun": ("Bắt đầu soạn kịch bản {playbook}", "Work on the playbook {playbook} begun"),
    "playbook_saved": ("Lưu kịch bản {playbook}|, bản {n}", "Playbook {playbook} saved|, text {n}"),
    "playbook_dropped": ("Bỏ bản đang soạn của kịch bản {playbook}", "Work on the playbook {playbook} dropped"),
    "playbook_asked": (
        "Trình ký kịch bản {playbook}|, bản {n}",
        "A signature asked for the playbook {playbook}|, text {n}",
    ),
    "playbook_given_back": (
        "Trả lại kịch bản {playbook}|, bản {n}|, lý do: {reason}",
        "The playbook {playbook} given back|, text {n}|, reason: {reason}",
    ),
    "playbook_published": (
        "Công bố kịch bản {playbook}|, phiên bản {version}|, người soạn: {edited_by}",
        "The playbook {playbook} published|, version {version}|, written by {edited_by}",
    ),
    "playbook_withdrawn": (
        "Rút kịch bản {playbook}|, phiên bản {version}|, lý do: {reason}",
        "The playbook {playbook} withdrawn|, version {version}|, reason: {reason}",
    ),
    "settings_changed": (
        "Đổi thiết lập|: {fields}|, lý do: {reason}",
        "Settings changed|: {fields}|, reason: {reason}",
    ),
}  # fmt: skip

CHANNELS: dict[str, tuple[str, str]] = {
    "sms": ("SMS", "SMS"),
    "voice": ("gọi điện tự động", "an automatic call"),
    "email": ("thư điện tử", "email"),
}
WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "cause": {
        "unreachable": ("không kết nối được", "no connection"),
        "turned_away": ("tạm thời không nhận thêm tin", "it takes no more for now"),
        "dark": ("không trả lời", "it does not answer"),
        "slow": ("trả lời chậm", "it answers slowly"),
        "slow_minute": (
            "trong một phút qua nhiều tin bị chậm, bị trả lại hoặc chưa rõ đã gửi hay chưa",
            "too many messages of the last minute were slow, turned away or lost from sight",
        ),
        "well_again": ("đã hoạt động ổn định trở lại", "it has been well again for a while"),
    },
    "via": {
        "sms": ("qua SMS", "by SMS"),
        "link": ("qua liên kết", "by link"),
        "web": ("trên hệ thống", "on the web"),
        "voice": (
            "qua gọi điện tự động, người nghe máy bấm phím",
            "by automatic call, a key pressed by who picked up",
        ),
        "phone": ("qua điện thoại", "by phone"),
        "zalo": ("qua nhóm Zalo", "in the Zalo group"),
        "direct": ("gặp trực tiếp", "face to face"),
        "email": ("qua thư điện tử", "by email"),
    },
    "channel": {
        "sms": ("SMS", "SMS"),
        "email": ("thư điện tử", "email"),
        "cong_ttdt": ("Cổng TTĐT", "the portal"),
        "mxh_chinh_thuc": ("tài khoản mạng xã hội chính thức", "official social media"),
        "bao_chi": ("thông cáo gửi báo chí", "the press"),
        "phong_van": ("trả lời phỏng vấn", "an interview"),
        "giao_ban": ("giao ban báo chí", "press briefing"),
        "hop_bao": ("họp báo", "press conference"),
    },
    "from_channel": CHANNELS,
    "to_channel": CHANNELS,
    "why": {
        "silent": ("chưa có trả lời", "no answer so far"),
        "failed": ("cách trước không đến được", "the one before failed"),
        "no_mobile": ("không nhận được SMS", "takes no SMS"),
    },
    "inject_kind": {
        "tin_don": ("tin lan truyền", "a rumour"),
        "bao_chi": ("báo chí hỏi", "the press"),
        "lanh_dao": ("lãnh đạo", "a leader"),
        "su_that": ("thông tin, số liệu thay đổi", "facts change"),
        "ky_thuat": ("sự cố kỹ thuật", "a technical fault"),
        "ngon_ngu": ("ngôn ngữ", "language"),
        "nguoi_dan": ("người dân hỏi", "citizens ask"),
        "khac": ("việc khác", "another matter"),
    },
    "why_refused": {
        "drill_mark_missing": (
            "tin diễn tập thiếu chữ “DIỄN TẬP” ở đầu hoặc ở cuối",
            "a text of a drill without “DIỄN TẬP” at its beginning or its end",
        ),
        "drill_mark_in_live": ("tin của vụ việc thật có chữ “diễn tập”", "a text of a real incident that says “diễn tập”"),
        "not_enrolled": ("không tham gia diễn tập này", "takes no part in this drill"),
    },
    "outcome": {
        "handled": ("đã xử lý", "handled"),
        "not_incident": ("không phải sự cố", "not an incident"),
        "false_alarm": ("báo nhầm", "false alarm"),
        "opened_by_mistake": ("mở nhầm", "opened by mistake"),
        "duplicate": ("trùng", "duplicate"),
        "handed_over": ("chuyển cơ quan khác", "handed over"),
    },
    "to": {
        "thay_the": ("người thay thế", "the stand-in"),
        "nhac_lai": ("nhắc người chưa trả lời", "reminders"),
    },
    "means": {
        "accept": ("đã nhận", "acknowledges"),
        "decline": ("báo bận", "declines"),
        "wrong_number": ("nhầm số", "wrong number"),
        "dispute": ("không phải mình trả lời", "disputes"),
        "optout": ("từ chối nhận tin", "opts out"),
        "ignore": ("không phải câu trả lời", "no answer"),
    },
    "call_outcome": {
        "accept": ("đã nhận", "acknowledges"),
        "decline": ("báo bận", "declines"),
        "sent_another": ("cử người thay", "sends another"),
        "no_answer": ("không nghe máy", "no answer"),
        "off": ("thuê bao, tắt máy", "phone off"),
        "someone_else": ("người khác nghe máy", "somebody else picked up"),
        "wrong_number": ("sai số", "wrong number"),
    },
    # The names of levels are the playbook's own; these three are those of the house.
    "level_name": {
        "Theo dõi": ("Theo dõi", "Watch"),
        "Sự cố": ("Sự cố", "Incident"),
        "Nghiêm trọng": ("Nghiêm trọng", "Serious"),
    },
    "section": {
        "summary": ("tóm tắt", "summary"),
        "went_well": ("việc làm tốt", "went well"),
        "to_improve": ("việc cần cải tiến", "to improve"),
        "lessons": ("bài học kinh nghiệm", "lessons"),
        "conditions": ("điều kiện, hoàn cảnh", "conditions"),
    },
    "sheet": {
        "people": ("người", "people"),
        "units": ("đơn vị", "units"),
        "rota": ("lịch trực", "rota"),
    },
    "decision": {
        "resend": ("gửi lại", "send again"),
        "sent": ("coi là đã gửi", "taken as sent"),
        "failed": ("coi là không gửi được", "taken as failed"),
    },
    "fields": {
        "approval.link": ("duyệt bằng liên kết", "approval by link"),
        "approval.phone": ("duyệt qua điện thoại", "approval by phone"),
        "approval.release_unconfirmed": (
            "công bố trước khi xác nhận duyệt qua điện thoại",
            "release before an approval by phone is confirmed",
        ),
        "kinds": ("loại vụ việc theo quy định", "kinds"),
        "occurred_at": ("thời điểm xảy ra", "time of occurrence"),
        "detected_at": ("thời điểm phát hiện", "time of detection"),
        "accepted_at": ("thời điểm tiếp nhận, xử lý", "time of acceptance"),
        "assessed_at": ("thời điểm xác định tác động", "time of assessment"),
        "topic": ("lĩnh vực", "topic"),
        "title": ("tên vụ việc", "title"),
        "area": ("địa bàn", "area"),
    },
}  # fmt: skip

TIMES = frozenset({"due", "at", "released_at", "taken_down_at", "until", "start", "occurred_at"})
SLOT = re.compile(r"\{(\w+)\}")


def tell(
    kind: str,
    data: Mapping[str, Any],
    texts: Mapping[str, str],
    names: Names,
    language: str = "vi",
) -> str:
    """One sentence. `names`: person id -> {name, post, unit, xung_ho}; also, where the caller has them, titles under
    "step:ID", "deadline:ID", "role:SLUG", "statement:ID", "kind:KEY" and "choice:STEP:CHOICE" -> {name}."""
    teller = _Teller(data, texts, names, language)
    pattern = PATTERNS.get(_variant(kind, data))
    if pattern is None:
        return teller.plain(kind)
    pieces = [teller.filled(piece) for piece in pattern[teller.lang].split("|")]
    sentence = _joined(pieces).strip(" ,:")
    return sentence[:1].upper() + sentence[1:]


def _joined(pieces: list[str]) -> str:
    """A question ends with its own mark: no comma and no colon after it."""
    sentence = ""
    for piece in pieces:
        sentence += f" {piece[2:]}" if sentence.endswith("?") and piece[:2] in (", ", ": ") else piece
    return sentence


def _variant(kind: str, data: Mapping[str, Any]) -> str:
    """Some kinds are told differently by what happened."""
    if kind == "leader_informed" and data.get("reached") is False:
        return "leader_not_reached"
    if kind == "deadline_met" and str(data.get("at")) > str(data.get("due")):
        return "deadline_met_late"  # both are fixed-width UTC
    if kind == "deadline_set" and data.get("applies") is False:
        return "deadline_set_none"
    if kind == "late_answer_settled" and data.get("keep"):
        return "late_answer_settled.keep"
    if kind == "call_recorded" and data.get("outcome"):
        return f"call_recorded.{data['outcome']}"
    return f"{kind}.{data.get('what')}" if kind == "override" else kind


class _Teller:
    """What each slot of a pattern says, for one entry."""

    def __init__(
        self, data: Mapping[str, Any], texts: Mapping[str, str], names: Names, language: str
    ) -> None:
        self.data, self.texts, self.names = data, texts, names
        self.lang = 1 if language == "en" else 0

    def filled(self, piece: str) -> str:
        values = {slot: self.slot(slot) for slot in SLOT.findall(piece)}
        if not all(values.values()):
            # The first words of a sentence stay, with what is known.
            return "" if piece[:1] in " ,:;(" else SLOT.sub(lambda m: values[m[1]] or "…", piece)
        return SLOT.sub(lambda m: values[m[1]], piece)

    def plain(self, kind: str) -> str:
        said = "; ".join(text for text in self.texts.values() if text)
        opening = ("Diễn biến khác", "Other event")[self.lang]
        return f"{opening} ({kind.replace('_', ' ')})" + (f": {said}" if said else "")

    def slot(self, name: str) -> str:
        special = SPECIAL.get(name)
        if special is not None:
            return special(self)
        value = self.texts.get(name) or self.data.get(name)
        if name in TIMES:
            return self.moment(value)
        if isinstance(value, list | tuple):
            return ", ".join(self.word(name, inner) for inner in value)
        return self.word(name, value)

    def word(self, name: str, value: Any) -> str:
        if value is None or value == "" or isinstance(value, dict):
            return ""
        words = WORDS.get(name, {}).get(str(value))
        return words[self.lang] if words else str(value)

    def titled(self, prefix: str, id: Any) -> str:
        if id in (None, ""):
            return ""
        title = self.names.get(f"{prefix}:{id}", {}).get("name") or self.data.get("title")
        # The id of a statement tells a reader nothing.
        return str(title or ("" if prefix == "statement" else id))

    def person(self, id: Any, post: bool = True) -> str:
        if not id:
            return ""
        known = self.names.get(str(id))
        if known is None:
            return ("một đồng chí", "someone")[self.lang]
        name = str(known.get("name", ""))
        if not self.lang:
            name = called(known.get("xung_ho"), name)
        return f"{name}, {known['post']}" if post and known.get("post") else name

    def people(self) -> str:
        return ", ".join(self.person(id, post=False) for id in self.data.get("people") or ())

    def who(self) -> str:
        if self.data.get("person"):
            return self.person(self.data["person"])
        count = self.data.get("count")
        if isinstance(count, int) and count > 0:
            return (f"{count} nơi nhận", f"{count} recipients")[self.lang]
        if self.data.get("inbound"):
            return ("số lạ hoặc số dùng chung", "a number of nobody or of several")[self.lang]
        return str(self.data.get("name") or ("người được báo", "the person told")[self.lang])

    def to(self) -> str:
        value = self.data.get("to")
        targets = value if isinstance(value, list | tuple) else [value]
        return ", ".join(self.person(t) if str(t) in self.names else self._target(t) for t in targets if t)

    def _target(self, target: Any) -> str:
        return self.word("to", target) if str(target) in WORDS["to"] else self.titled("role", target)

    def lateness(self) -> str:
        if self.data.get("merged"):
            return ("bằng mã của vụ việc đã gộp", "by the code of a merged incident")[self.lang]
        return ("trả lời muộn", "late")[self.lang] if self.data.get("late") else ""

    def moved(self) -> str:
        """What went along with an incident that became part of this one."""
        words = (
            ("carried", "{} trả lời", "{} answers"), ("joining", "{} người tham gia", "{} people"),
            ("drafts", "{} nội dung đang soạn", "{} drafts"), ("press", "{} câu hỏi báo chí", "{} questions of the press"),
        )  # fmt: skip
        known = [words[1 + self.lang].format(n) for words in words if (n := self.data.get(words[0]))]
        return ", ".join(known) or ("không có gì phải chuyển", "nothing had to move")[self.lang]

    def fields(self) -> str:
        """What was changed, by name; old and new values stand in the data."""
        given = self.data.get("fields") or self.data.get("after") or ()
        return (
            ", ".join(self.word("fields", field) for field in given) if not isinstance(given, str) else given
        )

    def question(self) -> str:
        return self.titled("step", self.data.get("step")) or ("Câu hỏi", "Question")[self.lang]

    def choice(self) -> str:
        return self._chosen(self.data.get("choice"))

    def _chosen(self, choice: Any) -> str:
        known = self.names.get(f"choice:{self.data.get('step')}:{choice}", {})
        return str(known.get("name") or choice or "")

    def moment(self, value: Any) -> str:
        """02h25 ngày 22/11, local."""
        if not isinstance(value, str | datetime):
            return ""
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            return value if isinstance(value, str) else ""
        if at.tzinfo is None:
            return str(value)
        local = at.astimezone(VIETNAM)
        return local.strftime(("%Hh%M ngày %d/%m/%Y", "%H:%M on %d/%m/%Y")[self.lang])

    def span(self, value: Any) -> str:
        if not isinstance(value, int) or value < 0:
            return ""
        if value < 60:
            return (f"{value} giây", f"{value} s")[self.lang]
        hours, minutes = divmod(value // 60, 60)
        parts = [(f"{hours} giờ", f"{hours} h")[self.lang]] if hours else []
        parts += [(f"{minutes} phút", f"{minutes} min")[self.lang]] if minutes else []
        return " ".join(parts)


def _paper(lang: int, number: str) -> str:
    if not number:
        return ("chưa có văn bản", "no paper yet")[lang]
    return (f"văn bản số {number}", f"paper {number}")[lang]


def _numbered(level: Any, name: Any) -> str:
    """3 (Nghiêm trọng)."""
    if level is None:
        return ""
    return f"{level} ({name})" if name else str(level)


SPECIAL: dict[str, Callable[[_Teller], str]] = {
    "person": lambda t: t.person(t.data.get("person")),
    "instead_of": lambda t: t.person(t.data.get("instead_of")),
    "incoming": lambda t: t.person(t.data.get("incoming")),
    "outgoing": lambda t: t.person(t.data.get("outgoing")),
    "after_deadline": lambda t: ("sau hạn của báo", "after the outlet's deadline")[t.lang] if t.data.get("late") else "",
    "instead": lambda t: t.person(t.data.get("instead"), post=False),
    "call_outcome": lambda t: t.word("call_outcome", t.data.get("outcome")),
    "again": lambda t: ("gửi lại", "asked again")[t.lang] if t.data.get("again") else "",
    "heard": lambda t: {
        "1": ("đã nghe", "heard"),
        "2": ("chưa xem được lúc này, cần gọi lại", "cannot look now, to be phoned"),
    }.get(str(t.data.get("key")), ("", ""))[t.lang],
    "people": _Teller.people,
    "drill_clock": lambda t: (
        ("tạm dừng", "paused") if t.data.get("paused") else (f"chạy, tốc độ ×{t.data.get('rate', 1)}", f"running ×{t.data.get('rate', 1)}")
    )[t.lang],
    "pretended": lambda t: (
        ("diễn tập, không đăng thật", "a drill, not really posted")[t.lang] if t.data.get("pretended") else ""
    ),
    "drill_minute": lambda t: str(int(t.data.get("seconds") or 0) // 60),
    "why_refused": lambda t: t.word("why_refused", t.data.get("why")),
    "people_or_none": lambda t: t.people() or ("chưa có người", "nobody")[t.lang],
    "people_or_who": lambda t: t.people() or t.who(),
    "who": _Teller.who,
    "recorded_by": lambda t: t.person(t.data.get("recorded_by"), post=False),
    "moved": lambda t: t.moved(),
    "clocks": lambda t: ", ".join(map(str, t.data.get("clocks") or ())),
    "kept": lambda t: ", ".join(t.titled("step", step) for step in t.data.get("keep") or ()),
    "body": lambda t: str(t.data.get("body") or ""),
    "paper": lambda t: _paper(t.lang, str(t.data.get("paper") or "")) if "paper" in t.data else "",
    "channels": lambda t: ", ".join(t.word("channel", channel) for channel in t.data.get("channels") or ()),
    "leader": lambda t: t.person(t.data.get("person")) or ("lãnh đạo", "the leader")[t.lang],
    "to": _Teller.to,
    "step": lambda t: t.titled("step", t.data.get("step")),
    "step_in_short": lambda t: t.titled("step", t.data.get("step")).split(": ")[0],
    "deadline": lambda t: t.titled("deadline", t.data.get("deadline")),
    "result": lambda t: t._chosen(t.data.get("result")),
    "role": lambda t: t.titled("role", t.data.get("role")),
    "account_role": lambda t: str(t.data.get("role") or ""),
    "statement": lambda t: t.titled("statement", t.data.get("statement")),
    "revision": lambda t: str(t.data.get("n") or t.data.get("revision") or ""),
    "level": lambda t: _numbered(
        t.data.get("after") or t.data.get("level"), t.word("level_name", t.data.get("level_name"))
    ),
    "text": lambda t: next((t.texts[f] for f in ("text", "reply", "summary", "proof") if t.texts.get(f)), ""),
    "fields": _Teller.fields,
    "title": lambda t: str(t.texts.get("title") or t.data.get("title") or t.data.get("text") or ""),
    "question": _Teller.question,
    "choice": _Teller.choice,
    "after": lambda t: t.span(t.data.get("after_seconds")),
    "left": lambda t: t.span(t.data.get("left_seconds")),
    "items": lambda t: ", ".join(str(i + 1) for i in t.data.get("items") or () if isinstance(i, int)),
    "late": lambda t: t.lateness(),
    "due_or_none": lambda t: t.moment(t.data.get("due")) or ("chưa có mốc", "no starting point yet")[t.lang],
    "kinds_or_none": lambda t: (
        "; ".join(t.titled("kind", kind) for kind in t.data.get("kinds") or ()) or ("không thuộc", "none")[t.lang]
    ),
}  # fmt: skip
